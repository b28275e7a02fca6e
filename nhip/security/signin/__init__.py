"""How people prove who they are: passwords, one-time codes, passkeys, recovery, first start, and the page about themselves."""
