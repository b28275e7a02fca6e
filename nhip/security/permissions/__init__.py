"""What somebody may do: permissions, roles, reach; compiled to look-ups, denied by default."""
