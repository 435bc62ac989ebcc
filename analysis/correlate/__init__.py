"""Mathematics of association: arrays in, numbers out; numpy and scipy only, no domain word."""
