/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <string.h>

static void put(struct mp_json *json, const char *bytes, size_t length)
{
	if (json->full || length > json->size - json->length) {
		json->full = true;
		return;
	}
	memcpy(json->text + json->length, bytes, length);
	json->length += length;
}

void mp_json_put(struct mp_json *json, const char *text)
{
	put(json, text, strlen(text));
}

void mp_json_number(struct mp_json *json, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put(json, digits + at, sizeof digits - at);
}

/* ---- strings ------------------------------------------------------------- */

/* The second bytes that follow a first one: the others would be too long, half
 * of a pair (UTF-16), or beyond the last character. */
static bool is_second(unsigned char first, unsigned char second)
{
	unsigned char least = first == 0xe0   ? 0xa0
			      : first == 0xf0 ? 0x90
					      : 0x80;
	unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= least && second <= most;
}

/* Bytes of the character there, which is none of ASCII; 0: it is no UTF-8. */
static size_t character(const unsigned char *at)
{
	size_t length = *at < 0xc2 || *at > 0xf4 ? 0
			: *at < 0xe0             ? 2
			: *at < 0xf0             ? 3
						 : 4;

	if (!length || !is_second(at[0], at[1]))
		return 0;
	for (size_t i = 2; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

static void put_control(struct mp_json *json, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char escape[] = {
		'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]
	};

	put(json, escape, sizeof escape);
}

/* The character there; how many bytes it has. */
static size_t put_character(struct mp_json *json, const char *at)
{
	unsigned char byte = (unsigned char)*at;
	size_t length = 1;

	if (byte >= 0x80) {
		length = character((const unsigned char *)at);
		put(json, length ? at : "\xef\xbf\xbd", length ? length : 3);
		return length ? length : 1;
	}
	if (byte < ' ') {
		put_control(json, byte);
		return 1;
	}
	if (byte == '"' || byte == '\\')
		put(json, "\\", 1);
	put(json, at, 1);
	return length;
}

void mp_json_string(struct mp_json *json, const char *text)
{
	put(json, "\"", 1);
	while (*text)
		text += put_character(json, text);
	put(json, "\"", 1);
}
