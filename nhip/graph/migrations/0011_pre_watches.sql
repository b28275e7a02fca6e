-- Subscriptions to registrations of context sources (CIM 009, 5.11), with their counters, kept as those to entities are.
create table graph.watch (like graph.sub including all);
alter table graph.watch add foreign key (tenant) references graph.tenant;
