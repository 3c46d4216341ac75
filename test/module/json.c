/* SPDX-License-Identifier: MIT */
/* What is put into a line of JSON. */
#include "json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char text[256];

static struct mp_json json_of(size_t size)
{
	memset(text, 0, sizeof text);
	return (struct mp_json){ .text = text, .size = size };
}

Test(json, numbers)
{
	struct mp_json json = json_of(sizeof text);

	mp_json_number(&json, 0);
	mp_json_put(&json, " ");
	mp_json_number(&json, 1090);
	mp_json_put(&json, " ");
	mp_json_number(&json, UINT64_MAX);
	cr_assert_str_eq(text, "0 1090 18446744073709551615");
	cr_assert_eq(json.length, strlen(text));
}

#define BAD "\xef\xbf\xbd"

Test(json, strings)
{
	static const struct {
		const char *from;
		const char *to; /* NULL: the same */
	} strings[] = {
		{ "", NULL },
		{ "plain ~", NULL },
		{ "a \"b\" \\c", "a \\\"b\\\" \\\\c" },
		{ "\n\x1f\x7f", "\\u000a\\u001f\x7f" },
		/* The first and the last of each length. */
		{ "\xc2\x80 \xdf\xbf", NULL },
		{ "\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf", NULL },
		{ "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", NULL },
		/* What is too long, half of a pair, or beyond the last one. */
		{ "\xc1\xbf", BAD BAD },
		{ "\xe0\x9f\xbf", BAD BAD BAD },
		{ "\xed\xa0\x80", BAD BAD BAD },
		{ "\xf0\x8f\xbf\xbf", BAD BAD BAD BAD },
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD },
		{ "\xf5\x80\x80\x80", BAD BAD BAD BAD },
		/* Cut off, or never begun. */
		{ "a\xc3", "a" BAD },
		{ "\xe2\x82", BAD BAD },
		{ "\xf0\x9f\x92z", BAD BAD BAD "z" },
		{ "\x80z", BAD "z" },
	};

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
		struct mp_json json = json_of(sizeof text);
		const char *to = strings[i].to;
		char wanted[100];

		snprintf(wanted, sizeof wanted, "\"%s\"",
			 to ? to : strings[i].from);
		mp_json_string(&json, strings[i].from);
		cr_assert_str_eq(text, wanted, "string %zu", i);
	}
}

Test(json, what_does_not_fit_is_left_out)
{
	struct mp_json json = json_of(8);
	struct mp_json before;

	mp_json_put(&json, "1234");
	before = json;
	mp_json_put(&json, "56789");
	cr_assert(json.full);
	cr_assert_eq(json.length, 4);
	/* Nothing comes behind a gap. */
	mp_json_put(&json, "5");
	cr_assert_eq(json.length, 4);
	json = before;
	mp_json_put(&json, "5678");
	cr_assert(!json.full);
	cr_assert_str_eq(text, "12345678");
}
