-- Nobody compares documents: without their statistics analysing costs little, however often entities change.
alter table graph.entity alter column doc set statistics 0;
alter table graph.entity alter column sys set statistics 0;
