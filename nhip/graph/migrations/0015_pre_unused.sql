-- Every question about the history names its lives: nothing ever looks by time alone.
drop index graph.attr_inst_at_idx;
