"""``make demo``: the whole product with a believable company, on one machine, for somebody without a tenant."""
