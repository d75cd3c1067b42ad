#include "CProcess.h"
int process_placeholder(void){return 0;}
