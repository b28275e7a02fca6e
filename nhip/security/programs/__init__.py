"""Access of programs: API keys and OAuth 2.0 client credentials, with scopes, networks, expiry and quotas."""
