#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#define _GNU_SOURCE 1
#include "CNCurses.h"
#include "direct.h"
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

static SCREEN *screen;
static FILE *input_file, *output_file;
static int collected = -1;

static void close_files(void) {
    if (input_file) fclose(input_file);
    if (output_file) fclose(output_file);
    input_file = output_file = NULL;
    collected = -1;
}

// newterm, with our own entry where its name is asked for. The environment is as before afterwards.
static SCREEN *start(const char *type) {
    if (strcmp(type, term_direct_name) != 0) return newterm((char *)type, output_file, input_file);
    const char *value = getenv("TERMINFO");
    char *before = value ? strdup(value) : NULL;
    setenv("TERMINFO", term_direct_entry, 1);
    SCREEN *result = newterm((char *)type, output_file, input_file);
    if (before) setenv("TERMINFO", before, 1);
    else unsetenv("TERMINFO");
    free(before);
    return result;
}

bool term_open(const char *type, int input) {
    // The files get descriptors of their own, so that closing them leaves the caller's open.
    int copy = dup(input);
    input_file = copy >= 0 ? fdopen(copy, "r") : NULL;
    collected = memfd_create("frame", MFD_CLOEXEC);
    output_file = collected >= 0 ? fdopen(collected, "w") : NULL;
    screen = input_file && output_file ? start(type) : NULL;
    if (!screen) {
        close_files();
        return false;
    }
    noecho();
    nonl();
    curs_set(0);
    leaveok(stdscr, TRUE);
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    return true;
}

void term_close(void) {
    if (!screen) return;
    // Without endwin: the guard restores the terminal, and does so without blocking.
    delscreen(screen);
    screen = NULL;
    close_files();
}

int term_colors(void) { return screen && has_colors() ? COLORS : 0; }

void term_resize(int columns, int rows) {
    if (!screen) return;
    resizeterm(rows, columns);
    clearok(curscr, TRUE);
}

void term_invalidate(void) {
    if (screen) clearok(curscr, TRUE);
}

int term_pair(int foreground, int background) {
    if (foreground < 0 && background < 0) return 0;
    int pair = alloc_pair(foreground, background);
    return pair < 0 ? 0 : pair;
}

static attr_t attributes_of(uint32_t bits) {
    attr_t result = A_NORMAL;
    if (bits & TERM_BOLD) result |= A_BOLD;
    if (bits & TERM_DIM) result |= A_DIM;
    if (bits & TERM_ITALIC) result |= A_ITALIC;
    if (bits & TERM_UNDERLINE) result |= A_UNDERLINE;
    if (bits & TERM_REVERSE) result |= A_REVERSE;
    return result;
}

void term_put(int x, int y, uint32_t scalar, uint32_t mark, uint32_t attributes, int pair) {
    if (!screen) return;
    wchar_t text[3] = {(wchar_t)scalar, (wchar_t)mark, 0};
    cchar_t cell;
    if (setcchar(&cell, text, attributes_of(attributes), 0, &pair) == ERR) return;
    mvwadd_wchnstr(stdscr, y, x, &cell, 1);
}

bool term_is_width(uint32_t scalar, int cells) { return wcwidth((wchar_t)scalar) == cells; }

size_t term_flush(void) {
    if (!screen) return 0;
    wnoutrefresh(stdscr);
    doupdate();
    fflush(output_file);
    off_t size = lseek(collected, 0, SEEK_END);
    return size > 0 ? (size_t)size : 0;
}

size_t term_take(char *bytes, size_t capacity) {
    if (!screen) return 0;
    ssize_t count = pread(collected, bytes, capacity, 0);
    if (ftruncate(collected, 0) != 0) return 0;
    lseek(collected, 0, SEEK_SET);
    return count > 0 ? (size_t)count : 0;
}

bool term_use_utf8(void) {
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return true;
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}
