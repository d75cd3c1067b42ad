// A terminfo entry for 24-bit colour, compiled in: few machines have xterm-direct installed, and every terminal that
// says COLORTERM=truecolor understands what is below. ncurses reads an entry from TERMINFO when it starts with "b64:".
//
// Made by `tic -x` and `infocmp -x -Q2` from:
//
// cockpit-direct|24-bit colour for the cockpit dashboard,
//	am, xenl, mir, msgr, RGB,
//	cols#80, it#8, lines#24, colors#0x1000000, pairs#0x7FFF,
//	bel=^G, cr=\r, ind=\n, clear=\E[H\E[2J, home=\E[H, cup=\E[%i%p1%d;%p2%dH,
//	cub1=^H, cud1=\n, cuf1=\E[C, cuu1=\E[A,
//	cub=\E[%p1%dD, cud=\E[%p1%dB, cuf=\E[%p1%dC, cuu=\E[%p1%dA,
//	hpa=\E[%i%p1%dG, vpa=\E[%i%p1%dd,
//	el=\E[K, el1=\E[1K, ed=\E[J, ech=\E[%p1%dX,
//	civis=\E[?25l, cnorm=\E[?25h, smcup=\E[?1049h, rmcup=\E[?1049l, rmam=\E[?7l, smam=\E[?7h,
//	bold=\E[1m, dim=\E[2m, sitm=\E[3m, ritm=\E[23m, smul=\E[4m, rmul=\E[24m, rev=\E[7m, sgr0=\E[m,
//	op=\E[39;49m,
//	setaf=\E[%?%p1%{8}%<%t3%p1%d%e38;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m,
//	setab=\E[%?%p1%{8}%<%t4%p1%d%e48;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m,

#include "direct.h"

const char term_direct_name[] = "cockpit-direct";

const char term_direct_entry[] =
    "b64:HgI3AA8ADwBpAYMBY29ja3BpdC1kaXJlY3R8MjQtYml0IGNvbG91ciBmb3IgdGhlIGNvY2twaXQgZGFzaGJvYXJkAAABAAAB"
    "AAAAAAAAAAABAVAAAAAIAAAAGAAAAP____________________________________________________8AAAAB_38AAP__AAAC"
    "AP____8EAAwAEAAUAP__HwAwADIANgA9AP__PwBGAP__SgD__________________04AUwD__1wA________YQD__2YAawD__3QA"
    "eAD_______-BAP______________________________________________________________________________________"
    "______________________________________________________________________________-HAP_______5AAmQD__6IA"
    "________________________________qwD__7YA________________________________________________________uAC-"
    "AP__________________________________________________________________________________________________"
    "____________________________________________________________________________________________________"
    "____________________________________________________________________________________________________"
    "___________EAP_______________________________________________________________________8kA____________"
    "_______________________SAP_______________________9cA________________________________________________"
    "___________________________________________________dADABBwANABtbSBtbMkoAG1tLABtbSgAbWyVpJXAxJWRHABtb"
    "JWklcDElZDslcDIlZEgACgAbW0gAG1s_MjVsAAgAG1s_MjVoABtbQwAbW0EAG1sxbQAbWz8xMDQ5aAAbWzJtABtbN20AG1s0bQAb"
    "WyVwMSVkWAAbW20AG1s_MTA0OWwAG1syNG0AG1slcDElZEIAG1slcDElZEQAG1slcDElZEMAG1slcDElZEEAG1slaSVwMSVkZAAK"
    "ABtbPzdoABtbPzdsABtbMUsAG1szOTs0OW0AG1szbQAbWzIzbQAbWyU_JXAxJXs4fSU8JXQzJXAxJWQlZTM4OzI7JXAxJXs2NTUz"
    "Nn0lLyVkOyVwMSV7MjU2fSUvJXsyNTV9JSYlZDslcDElezI1NX0lJiVkJTttABtbJT8lcDElezh9JTwldDQlcDElZCVlNDg7Mjsl"
    "cDElezY1NTM2fSUvJWQ7JXAxJXsyNTZ9JS8lezI1NX0lJiVkOyVwMSV7MjU1fSUmJWQlO20AAAEAAAAAAAEABAABAAAAUkdCAA==";
