-- The administrator is a role now.
alter table security.account drop column administrator;
