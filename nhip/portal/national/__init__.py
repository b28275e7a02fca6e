"""Our catalogue registered with the national portal: sent when it answers, kept until it does, withdrawals passed on."""
