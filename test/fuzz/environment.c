/* SPDX-License-Identifier: MIT */
/*
 * Environment variables.  The input is a list of entries, a NUL between them.
 * The first byte of each says what the rest is: the value of the variable of
 * that number, or (numbers behind the table) a whole entry.
 *
 * Checked against a second reading of the grammar in config.def: which value
 * and source each variable ends up with, that each mistake is told with the
 * name and the value, that nothing else is, and that strict aborts.
 */
#include "fuzz.h"

#include "config.h"
#include "report.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ENTRIES 24
#define VALUE_SHOWN 63 /* bytes of a value that a message has room for */

extern char **environ;

/* The linker turns the library's calls of these two into ours. */
ssize_t __real_write(int fd, const void *data, size_t length);
ssize_t __wrap_write(int fd, const void *data, size_t length);
_Noreturn void __real_abort(void);
_Noreturn void __wrap_abort(void);

static struct {
	bool on;
	bool aborted;
	jmp_buf leave;
	size_t length;
	char text[ENTRIES * MP_REPORT_LINE * 2];
} said;

ssize_t __wrap_write(int fd, const void *data, size_t length)
{
	if (!said.on || fd != STDERR_FILENO)
		return __real_write(fd, data, length);
	if (length >= sizeof said.text - said.length) {
		said.on = false;
		FUZZ_CHECK(false, "more was said than there were entries");
	}
	memcpy(said.text + said.length, data, length);
	said.length += length;
	said.text[said.length] = '\0';
	return (ssize_t)length;
}

void __wrap_abort(void)
{
	if (!said.on)
		__real_abort();
	said.on = false;
	said.aborted = true;
	longjmp(said.leave, 1);
}

/* ---- the grammar, once more ---------------------------------------------- */

/* Is it one of these words?  Each ends with a NUL, the last one with two. */
static bool is_word(const char *text, const char *words)
{
	size_t length = strlen(text);

	for (; *words; words += strlen(words) + 1) {
		if (strlen(words) == length && !strcasecmp(text, words))
			return true;
	}
	return false;
}

/* The bits of a suffix, -1: it is none. */
static int unit_of(const char *suffix)
{
	static const char *const units[] = {
		"k\0kb\0kib\0",
		"m\0mb\0mib\0",
		"g\0gb\0gib\0",
	};

	if (!*suffix)
		return 0;
	for (int unit = 0; unit < 3; unit++) {
		if (is_word(suffix, units[unit]))
			return 10 * (unit + 1);
	}
	return -1;
}

/* So wide that no number of a size times a suffix wraps. */
#if SIZE_MAX > UINT32_MAX
__extension__ typedef unsigned __int128 wide_number;
#else
typedef uint64_t wide_number;
#endif

static bool number_of(const struct mp_option_row *row, const char *text,
		      size_t *value)
{
	size_t digits = strspn(text, "0123456789");
	wide_number sum = 0;
	int shift;

	if (digits == 0)
		return false;
	for (size_t i = 0; i < digits; i++) {
		sum = sum * 10 + (unsigned)(text[i] - '0');
		if (sum > SIZE_MAX)
			return false;
	}
	shift = unit_of(text + digits);
	if (shift < 0 || (shift && row->type != MP_TYPE_BYTES))
		return false;
	sum <<= shift;
	if (sum > row->maximum || sum < row->minimum)
		return false;
	*value = (size_t)sum;
	return true;
}

/* "json:PATH", without a % that is not followed by a p or another one. */
static bool is_with_path(const char *one, const char *word)
{
	size_t head = strcspn(one, ":");
	const char *path = word + head + 1;

	if (!one[head] || strncasecmp(one, word, head + 1) != 0)
		return false;
	if (!*path || strlen(path) >= MP_CONFIG_PATH)
		return false;
	for (; (path = strchr(path, '%')); path += 2) {
		if (path[1] != 'p' && path[1] != '%')
			return false;
	}
	return true;
}

/* Which of the words, from 0; as many as there are: none of them. */
static unsigned int number_of_word(const char *words, const char *word)
{
	char *copy = strdup(words);
	char *rest = copy;
	unsigned int n = 0;
	char *one;

	while ((one = strsep(&rest, ",")) && !is_with_path(one, word) &&
	       (strchr(one, ':') || strcasecmp(one, word) != 0))
		n++;
	free(copy);
	return n;
}

static bool time_of(const struct mp_option_row *row, const char *text,
		    size_t *value)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	wide_number sum = 0;

	*value = 0;
	if (is_word(text, "off\0"))
		return true;
	if (digits == 0)
		return false;
	for (size_t i = 0; i < digits; i++) {
		sum = sum * 10 + (unsigned)(text[i] - '0');
		if (sum > SIZE_MAX)
			return false;
	}
	if (!*unit || is_word(unit, "s\0"))
		sum *= 1000;
	else if (is_word(unit, "min\0"))
		sum *= 60 * 1000;
	else if (is_word(unit, "h\0"))
		sum *= 60 * 60 * 1000;
	else if (!is_word(unit, "ms\0"))
		return false;
	if (sum > row->maximum || sum < row->minimum)
		return false;
	*value = (size_t)sum;
	return true;
}

static bool words_of(const struct mp_option_row *row, const char *text,
		     size_t *value)
{
	unsigned int words = number_of_word(row->unit, "");
	char *copy = strdup(text);
	char *rest = copy;
	bool known = true;
	char *word;

	*value = row->initial;
	while (known && (word = strsep(&rest, ","))) {
		unsigned int n = number_of_word(row->unit, word);

		if (n < words)
			*value |= (size_t)1 << n;
		else if (!strcasecmp(word, "off"))
			*value = 0;
		else
			known = false;
	}
	free(copy);
	return known;
}

static bool choice_of(const struct mp_option_row *row, const char *text,
		      size_t *value)
{
	unsigned int n = number_of_word(row->unit, text);

	*value = n;
	return n < number_of_word(row->unit, "");
}

static bool value_of(const struct mp_option_row *row, const char *text,
		     size_t *value)
{
	switch (row->type) {
	case MP_TYPE_BOOL:
		*value = is_word(text, "1\0yes\0on\0");
		return *value || is_word(text, "0\0no\0off\0");
	case MP_TYPE_WORDS:
		return words_of(row, text, value);
	case MP_TYPE_CHOICE:
		return choice_of(row, text, value);
	case MP_TYPE_TIME:
		return time_of(row, text, value);
	case MP_TYPE_BYTES:
		*value = SIZE_MAX;
		if (row->maximum == SIZE_MAX && is_word(text, "none\0"
							      "unlimited\0"))
			return true;
		return number_of(row, text, value);
	default:
		return number_of(row, text, value);
	}
}

/* ---- entries ------------------------------------------------------------- */

static struct {
	char *entry[ENTRIES + 1];
	size_t count;
} made;

/* "NAME=value" of its own size, so that a sanitizer sees its end. */
static void add(const char *name, const uint8_t *from, size_t length)
{
	size_t before = name ? strlen(name) + 1 : 0;
	char *entry = malloc(before + length + 1);

	if (!entry)
		abort();
	if (name) {
		memcpy(entry, name, before - 1);
		entry[before - 1] = '=';
	}
	memcpy(entry + before, from, length);
	entry[before + length] = '\0';
	made.entry[made.count++] = entry;
}

static void make_entries(struct fuzz_input *input)
{
	made.count = 0;
	while (input->at < input->end && made.count < ENTRIES) {
		size_t row = fuzz_below(input, MP_OPTION_COUNT + 3);
		const uint8_t *from = input->at;

		while (input->at < input->end && *input->at)
			input->at++;
		add(row < MP_OPTION_COUNT ? mp_option_rows[row].name : NULL,
		    from, (size_t)(input->at - from));
		(void)fuzz_byte(input);
	}
	made.entry[made.count] = NULL;
}

static void free_entries(void)
{
	for (size_t i = 0; i < made.count; i++)
		free(made.entry[i]);
}

/* The value of the entry if it is one of that variable. */
static const char *value_in(const char *entry, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(entry, name, length) && entry[length] == '='
		       ? entry + length + 1
		       : NULL;
}

/* As getenv: the first one counts. */
static const char *first_value(const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < made.count && !value; i++)
		value = value_in(made.entry[i], name);
	return value;
}

/* ---- checks -------------------------------------------------------------- */

static void check_row(const struct mp_settings *settings, size_t i)
{
	const struct mp_option_row *row = &mp_option_rows[i];
	const char *text = first_value(row->name);
	enum mp_source source = MP_SOURCE_ENVIRONMENT;
	size_t value;

	if (!text || !value_of(row, text, &value)) {
		value = row->initial;
		source = MP_SOURCE_DEFAULT;
	}
	FUZZ_CHECK(settings->value[i] == value, "%s=%s: %zu, expected %zu",
		   row->name, text ? text : "(none)", settings->value[i],
		   value);
	FUZZ_CHECK(settings->source[i] == source, "%s=%s: source %d", row->name,
		   text ? text : "(none)", settings->source[i]);
}

/* What a message shows of a text: one line, cut, no control characters. */
static size_t shown(char *out, size_t most, const char *text)
{
	size_t n = 0;

	for (; n < most && text[n]; n++) {
		unsigned char c = (unsigned char)text[n];

		out[n] = text[n];
		if (c < ' ' || c == 0x7f)
			out[n] = '?';
	}
	out[n] = '\0';
	return n;
}

/* Is the entry one that deserves a line?  Then what it has to begin with. */
static bool is_mistake(const char *entry, char *line, size_t size)
{
	size_t length = strcspn(entry, "=");
	size_t value;
	char text[128];

	/* What has no value is no variable: getenv does not see it either. */
	if (strncmp(entry, "MAGPOOL_", 8) != 0 || !entry[length])
		return false;
	for (size_t i = 0; i < MP_OPTION_COUNT; i++) {
		const struct mp_option_row *row = &mp_option_rows[i];
		const char *given = value_in(entry, row->name);

		if (!given)
			continue;
		shown(text, VALUE_SHOWN, given);
		snprintf(line, size, "magpool: %s=%s: expected ", row->name,
			 text);
		return !value_of(row, given, &value);
	}
	shown(text, length < 127 ? length : 127, entry);
	snprintf(line, size, "magpool: %s: ", text);
	return true;
}

/* The line of one mistake, off the front of what was said. */
static const char *eat(const char *at, const char *expected)
{
	const char *end = strchr(at, '\n');

	FUZZ_CHECK(end, "expected '%s', nothing was said", expected);
	FUZZ_CHECK(!strncmp(at, expected, strlen(expected)),
		   "expected '%s', said '%s'", expected, at);
	FUZZ_CHECK(end - at < MP_REPORT_LINE, "a line of %td bytes", end - at);
	return end + 1;
}

static const char *eat_settings(const char *at)
{
	char expected[80];

	for (size_t i = 0; i < MP_OPTION_COUNT; i++) {
		snprintf(expected, sizeof expected,
			 "magpool: process: %s=", mp_option_rows[i].name);
		at = eat(at, expected);
	}
	return at;
}

static void check_said(const struct mp_settings *settings)
{
	bool quiet = settings->value[MP_OPTION_quiet];
	bool strict = settings->value[MP_OPTION_strict];
	const char *at = said.text;
	size_t mistakes = 0;

	for (size_t i = 0; i < made.count; i++) {
		char line[300];

		if (!is_mistake(made.entry[i], line, sizeof line))
			continue;
		if (++mistakes == 1 || !strict)
			at = quiet ? at : eat(at, line);
	}
	FUZZ_CHECK(said.aborted == (strict && mistakes), "%zu mistakes",
		   mistakes);
	if (!said.aborted && settings->value[MP_OPTION_verbose] && !quiet)
		at = eat_settings(at);
	FUZZ_CHECK(!*at, "this was said too: %s", at);
}

static void check_apply(const struct mp_settings *before, size_t value)
{
	for (size_t i = 0; i < MP_OPTION_COUNT; i++) {
		const struct mp_option_row *row = &mp_option_rows[i];
		struct mp_settings after = *before;
		bool fits = value >= row->minimum && value <= row->maximum;
		bool done = mp_config_apply(&after, (enum mp_option)i, value);

		FUZZ_CHECK(done == (fits || !value), "%s=%zu", row->name,
			   value);
		FUZZ_CHECK(after.value[i] == before->value[i] ||
				   after.value[i] == value,
			   "%s=%zu", row->name, value);
	}
}

/* ---- the target ---------------------------------------------------------- */

static void read_all(struct mp_settings *settings)
{
	char **own = environ;

	said.aborted = false;
	said.length = 0;
	said.text[0] = '\0';
	environ = made.entry;
	said.on = true;
	if (!setjmp(said.leave)) {
		mp_config_read(settings);
		mp_config_warn(settings);
	}
	said.on = false;
	environ = own;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mp_settings settings;
	struct fuzz_input input = { data, data + size };

	make_entries(&input);
	errno = 4711;
	read_all(&settings);
	FUZZ_CHECK(errno == 4711, "errno %d", errno);
	for (size_t i = 0; i < MP_OPTION_COUNT; i++)
		check_row(&settings, i);
	check_said(&settings);
	check_apply(&settings, size);
	free_entries();
	return 0;
}
