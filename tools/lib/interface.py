# SPDX-License-Identifier: MIT
"""Reads the public calls out of magpool.h, for the checks that need them."""
import re

COMMENT = re.compile(r"/\*.*?\*/", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", re.M)
DECLARATION = re.compile(r"\bMAGPOOL_(?:HOT_)?API\b([^;{]*);")
ATTRIBUTE = re.compile(r"\bMAGPOOL_[A-Z_]+(\([\d, ]*\))?")
NAME = re.compile(r"(magpool_\w+)\(")


def normal(prototype):
    """A prototype in one line, spaced in one way."""
    text = " ".join(prototype.split())
    text = re.sub(r"\s*\*\s*", " *", text).replace("* *", "**")
    return re.sub(r"\s*\(\s*", "(", text)


def public_calls(path):
    """The exported calls: name -> prototype."""
    with open(path, encoding="utf-8") as header:
        text = DIRECTIVE.sub("", COMMENT.sub("", header.read()))
    prototypes = (normal(ATTRIBUTE.sub("", declaration))
                  for declaration in DECLARATION.findall(text))
    return {NAME.search(prototype)[1]: prototype for prototype in prototypes}
