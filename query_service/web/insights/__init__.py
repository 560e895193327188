"""The page of insights: panels as plots, made here, without a script's help."""
