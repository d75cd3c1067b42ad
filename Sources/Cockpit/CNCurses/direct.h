#ifndef CNCURSES_DIRECT_H
#define CNCURSES_DIRECT_H

extern const char term_direct_name[];
extern const char term_direct_entry[];

#endif
