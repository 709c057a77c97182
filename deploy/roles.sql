-- Run once by the image of PostgreSQL, on an empty volume: the owner of the tables, and the service's role,
-- which `linli migrate` gives its rights.
\set owner `cat /run/secrets/owner_password`
\set app `cat /run/secrets/app_password`
CREATE ROLE linli_owner LOGIN PASSWORD :'owner';
CREATE ROLE linli_app LOGIN PASSWORD :'app';
CREATE DATABASE linli OWNER linli_owner ENCODING 'UTF8' TEMPLATE template0;
