/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report that is shown again and again: see cli/watch.h. */
#include "cli/watch.h"

#include "cli/print.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* xterm's control sequences, "Private modes": the other screen 1049, cursor 25, wrapping 7. */
#define SCREEN_ON "\033[?1049h\033[?25l\033[?7l"
#define SCREEN_OFF "\033[?7h\033[?25h\033[?1049l"
#define HOME "\033[H"
#define REST_OF_LINE "\033[K"
#define REST_OF_SCREEN "\033[J"

#define ROWS_DEFAULT 24 /* where a terminal does not tell */

static int put(const char *s, size_t len, struct err *e)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(e, errno, "cannot write the output");
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

static unsigned rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return ROWS_DEFAULT;
	return size.ws_row;
}

static size_t count_lines(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

/* The text from the top of the screen, each line's rest cleared; no newline behind the last row,
 * which would move all up. */
static void lay_out(const char *text, size_t max, struct strbuf *out)
{
	const size_t n = count_lines(text), shown = n <= max ? n : max - 1;

	sb_adds(out, HOME);
	for (size_t i = 0; i < shown; i++) {
		const size_t len = strcspn(text, "\n");

		if (i)
			sb_adds(out, "\n");
		sb_add(out, text, len);
		sb_adds(out, REST_OF_LINE);
		text += len + 1;
	}
	if (shown < n)
		sb_addf(out, "%s~ %zu more lines in a higher window" REST_OF_LINE,
			shown ? "\n" : "", n - shown);
	sb_adds(out, REST_OF_SCREEN);
}

/* What @frame prints, malloc'd in @ret: nothing of it is seen until it is whole. */
static int capture(const struct cli *cli, int (*frame)(const struct cli *cli, struct err *e),
		   char **ret, struct err *e)
{
	FILE *const out = stdout, *const complaints = stderr;
	char *text = NULL;
	size_t len = 0;
	FILE *mem = open_memstream(&text, &len);
	int r;

	if (!mem)
		return err_os(e, errno, "cannot keep the output");
	/* glibc manual, "Standard Streams": these are variables like any other. */
	stdout = mem;
	if (isatty(STDERR_FILENO))
		stderr = mem;
	r = frame(cli, e);
	stdout = out;
	stderr = complaints;
	if (fclose(mem) != 0 && r == 0)
		r = err_os(e, ENOMEM, "cannot keep the output");
	if (r < 0)
		free(text);
	else
		*ret = text;
	return r;
}

static int show(const struct cli *cli, bool screen,
		int (*frame)(const struct cli *cli, struct err *e), bool *on, struct err *e)
{
	auto_sb struct strbuf out = {0};
	auto_free char *text = NULL;
	int r = capture(cli, frame, &text, e);

	if (r < 0)
		return r;
	if (!screen)
		return put(text, strlen(text), e);
	if (!*on)
		sb_adds(&out, SCREEN_ON);
	*on = true;
	lay_out(text, rows(), &out);
	return out.failed ? err_os(e, ENOMEM, "screen") : put(sb_str(&out), out.len, e);
}

static void screen_off(bool *on)
{
	if (*on)
		(void)put(SCREEN_OFF, strlen(SCREEN_OFF), NULL);
	*on = false;
}

int watch_run(const struct cli *cli, unsigned seconds,
	      int (*frame)(const struct cli *cli, struct err *e), struct err *e)
{
	static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
	const struct timespec pause = {.tv_sec = seconds};
	const bool screen = !cli->json && print_on_terminal();
	bool on = false;
	sigset_t set;
	int r, signal;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		(void)sigaddset(&set, ours[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	do {
		r = show(cli, screen, frame, &on, e);
		if (r < 0)
			break;
		do
			signal = sigtimedwait(&set, NULL, &pause);
		while (signal < 0 && errno == EINTR);
		if (signal == SIGTSTP) {
			screen_off(&on);
			(void)raise(SIGSTOP);
		}
	} while (signal < 0 || signal == SIGWINCH || signal == SIGTSTP);
	screen_off(&on);
	return r;
}
