-- Under which rights an entity map was made (empty: everything could be seen): who has others sees less of it.

alter table graph.entity_map add column rights text not null default '';
