// Apart from shim.c, because term.h makes macros of common words.
#include "CNCurses.h"
#include <curses.h>
#include <term.h>

int term_type_colors(const char *type) {
    int status = 0;
    if (setupterm((char *)type, 1, &status) == ERR) return -1;
    int colors = tigetnum("colors");
    del_curterm(cur_term);
    return colors < 0 ? 0 : colors;
}
