#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a file as a C array: embed.py INPUT OUTPUT NAME HEADER."""
import sys

source, target, name, header = sys.argv[1:]
with open(source, 'rb') as file:
    data = file.read()
lines = [', '.join(map(str, data[at:at + 16]))
         for at in range(0, len(data), 16)]
with open(target, 'w', encoding='ascii') as file:
    file.write(f'#include "{header}"\n\n'
               f'const char {name}[] = {{\n\t' + ',\n\t'.join(lines) +
               f'\n}};\nconst size_t {name}_size = sizeof({name});\n')
