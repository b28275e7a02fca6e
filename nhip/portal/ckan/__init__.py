"""CKAN's Action API v3 over what is open, so that clients and harvesters of CKAN work unchanged."""
