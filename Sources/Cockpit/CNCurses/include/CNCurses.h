// The part of ncurses that Swift cannot import itself: macros, variables, variadic calls, and code that runs in a
// signal handler.
#ifndef CNCURSES_H
#define CNCURSES_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

// Attribute bits, in the order of Cockpit's own set.
enum { TERM_BOLD = 1, TERM_DIM = 2, TERM_ITALIC = 4, TERM_UNDERLINE = 8, TERM_REVERSE = 16 };

// Starts ncurses with the given terminfo entry, or with the built-in "cockpit-direct" for 24-bit colour; false if the
// entry is unknown. Its output is collected in memory and
// taken by term_take, so that a frame is one write and a terminal that does not read never blocks ncurses.
bool term_open(const char *type, int input);

// Ends ncurses and frees its screen. Safe to call twice.
void term_close(void);

// Colours the terminal shows: 0 for none, 8, 16, 256, or 16777216 for a direct-colour entry.
int term_colors(void);

// Colours that the terminfo entry of this name promises; 0 for none, -1 where there is no such entry. Before term_open.
int term_type_colors(const char *type);

// Takes a new size; every cell is sent again with the next flush.
void term_resize(int columns, int rows);

// Marks every cell as unknown.
void term_invalidate(void);

// The number of a pair of colours; -1 is the terminal's default.
int term_pair(int foreground, int background);

// Writes one cell, with up to one combining mark (0 for none).
void term_put(int x, int y, uint32_t scalar, uint32_t mark, uint32_t attributes, int pair);

// Whether libc gives a character this width, which ncurses needs to place it.
bool term_is_width(uint32_t scalar, int cells);

// Computes what changed and returns the count of bytes that show it; they wait for term_take.
size_t term_flush(void);

// Moves the waiting bytes out; returns their count, at most the capacity.
size_t term_take(char *bytes, size_t capacity);

// MARK: - Guard

// Keeps the terminal's settings and the bytes that undo ours, and restores both if the process crashes.
// Returns false if the settings cannot be read.
bool term_guard_arm(int fd, const char *undo, size_t length);

// Ends the guard; the terminal is ours to restore again.
void term_guard_disarm(void);

// Restores settings and sends the undo bytes now, without blocking longer than a full terminal buffer allows.
void term_guard_restore(void);

// Puts the terminal into raw mode as the guard's owner: no echo, no line buffer, no signals from keys.
bool term_raw(int fd);

// MARK: - System calls Swift does not import whole

// A descriptor that one thread makes readable and another one waits for.
int term_event_fd(void);
// Blocks the signals in this thread and makes them readable.
int term_signal_fd(const int *signals, int count);
// The next signal of a signalfd, or 0 when none waits.
int term_next_signal(int fd);
// Stops this process as ctrl-z does, and returns once it continues.
void term_stop_self(void);
bool term_window_size(int fd, int *columns, int *rows);
// Gives libc, and through it ncurses, UTF-8 characters whatever the locale of the user.
bool term_use_utf8(void);
// Opens the terminal behind a descriptor a second time, not blocking, without changing the first; -1 if not allowed.
int term_reopen(int fd);

#endif
