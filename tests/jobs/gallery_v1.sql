BEGIN TRANSACTION;
CREATE TABLE claims (image_id INTEGER PRIMARY KEY, job INTEGER NOT NULL);
INSERT INTO "claims" VALUES(5003,1);
INSERT INTO "claims" VALUES(5004,1);
INSERT INTO "claims" VALUES(5005,1);
INSERT INTO "claims" VALUES(5006,1);
CREATE TABLE items (
    place INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    image_id INTEGER NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting', path TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (job, image_id)
);
INSERT INTO "items" VALUES(1,1,5012,'/image/00001394-0000-4000-8000-000000000000/original=true/00001394-0000-4000-8000-000000000000.mp4','video','saved','/home/user/pictures/5012.mp4','','',1,2000);
INSERT INTO "items" VALUES(2,1,5011,'/image/00001393-0000-4000-8000-000000000000/original=true/00001393-0000-4000-8000-000000000000.jpeg','image','saved','/home/user/pictures/5011.png','','',1,2000);
INSERT INTO "items" VALUES(3,1,5010,'/image/00001392-0000-4000-8000-000000000000/original=true/00001392-0000-4000-8000-000000000000.jpeg','image','failed','','gone','It is no longer there (404).',1,0);
INSERT INTO "items" VALUES(4,1,5009,'/image/00001391-0000-4000-8000-000000000000/original=true/00001391-0000-4000-8000-000000000000.jpeg','image','saved','/home/user/pictures/5009.png','','',1,2000);
INSERT INTO "items" VALUES(5,1,5008,'/image/00001390-0000-4000-8000-000000000000/original=true/00001390-0000-4000-8000-000000000000.jpeg','image','saved','/home/user/pictures/5008.png','','',1,2000);
INSERT INTO "items" VALUES(6,1,5007,'/image/0000138f-0000-4000-8000-000000000000/original=true/0000138f-0000-4000-8000-000000000000.jpeg','image','saved','/home/user/pictures/5007.png','','',1,2000);
INSERT INTO "items" VALUES(7,1,5006,'/image/0000138e-0000-4000-8000-000000000000/original=true/0000138e-0000-4000-8000-000000000000.jpeg','image','waiting','','','',0,0);
INSERT INTO "items" VALUES(8,1,5005,'/image/0000138d-0000-4000-8000-000000000000/original=true/0000138d-0000-4000-8000-000000000000.mp4','video','waiting','','','',0,0);
INSERT INTO "items" VALUES(9,1,5004,'/image/0000138c-0000-4000-8000-000000000000/original=true/0000138c-0000-4000-8000-000000000000.jpeg','image','waiting','','','',0,0);
INSERT INTO "items" VALUES(10,1,5003,'/image/0000138b-0000-4000-8000-000000000000/original=true/0000138b-0000-4000-8000-000000000000.jpeg','image','waiting','','','',0,0);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, title TEXT NOT NULL,
    query TEXT NOT NULL, folder TEXT NOT NULL, wanted INTEGER NOT NULL, again INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', reason TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '', cursor TEXT, walked INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "jobs" VALUES(1,1.79566999153938889e+09,'A model','{"model_id": 101, "version_id": null, "sort": "Newest", "period": "AllTime", "level": 1, "type": null, "with_meta": false, "post_id": null, "username": "", "image_id": null, "base_models": []}','/home/user/pictures',100,0,'paused','','','10|1785317342117',0);
CREATE TABLE records (
    place INTEGER PRIMARY KEY REFERENCES items (place) ON DELETE CASCADE, record TEXT NOT NULL
);
INSERT INTO "records" VALUES(3,'{"id": 5010, "url": "http://127.0.0.1:47860/image/00001392-0000-4000-8000-000000000000/original=true/00001392-0000-4000-8000-000000000000.jpeg", "type": "image", "browsingLevel": 1, "width": 64, "height": 64, "meta": {"prompt": "picture 5010", "steps": 20, "seed": 1, "cfgScale": 7}}');
INSERT INTO "records" VALUES(7,'{"id": 5006, "url": "http://127.0.0.1:47860/image/0000138e-0000-4000-8000-000000000000/original=true/0000138e-0000-4000-8000-000000000000.jpeg", "type": "image", "browsingLevel": 1, "width": 64, "height": 64, "meta": {"prompt": "picture 5006", "steps": 20, "seed": 1, "cfgScale": 7}}');
INSERT INTO "records" VALUES(8,'{"id": 5005, "url": "http://127.0.0.1:47860/image/0000138d-0000-4000-8000-000000000000/original=true/0000138d-0000-4000-8000-000000000000.mp4", "type": "video", "browsingLevel": 1, "width": 64, "height": 64, "meta": {"prompt": "picture 5005", "steps": 20, "seed": 1, "cfgScale": 7}}');
INSERT INTO "records" VALUES(9,'{"id": 5004, "url": "http://127.0.0.1:47860/image/0000138c-0000-4000-8000-000000000000/original=true/0000138c-0000-4000-8000-000000000000.jpeg", "type": "image", "browsingLevel": 1, "width": 64, "height": 64, "meta": {"prompt": "picture 5004", "steps": 20, "seed": 1, "cfgScale": 7}}');
INSERT INTO "records" VALUES(10,'{"id": 5003, "url": "http://127.0.0.1:47860/image/0000138b-0000-4000-8000-000000000000/original=true/0000138b-0000-4000-8000-000000000000.jpeg", "type": "image", "browsingLevel": 1, "width": 64, "height": 64, "meta": {"prompt": "picture 5003", "steps": 20, "seed": 1, "cfgScale": 7}}');
CREATE TABLE saved (
    image_id INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER NOT NULL, at REAL NOT NULL
);
INSERT INTO "saved" VALUES(5007,'/home/user/pictures/5007.png',2000,1.79566999199994754e+09);
INSERT INTO "saved" VALUES(5008,'/home/user/pictures/5008.png',2000,1.79566999199994754e+09);
INSERT INTO "saved" VALUES(5009,'/home/user/pictures/5009.png',2000,1.79566999199994754e+09);
INSERT INTO "saved" VALUES(5011,'/home/user/pictures/5011.png',2000,1.79566999199994754e+09);
INSERT INTO "saved" VALUES(5012,'/home/user/pictures/5012.mp4',2000,1.79566999199994754e+09);
CREATE INDEX items_by_state ON items (job, state, place);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',1);
COMMIT;
PRAGMA user_version = 1;
