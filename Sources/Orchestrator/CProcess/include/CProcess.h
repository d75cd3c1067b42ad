int process_placeholder(void);
