# Completion of commands, flags and their values in bash, by the program itself.
complete -o default -o bashdefault -C /usr/bin/aiusage aiusage
