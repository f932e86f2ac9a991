-- A job store of version 1, as its own Backbeat wrote it. Never changed: stores like it are on users' disks.
BEGIN TRANSACTION;
CREATE TABLE history (
    seq     integer primary key,
    job     integer not null references jobs (seq) on delete cascade,
    at      real    not null,
    state   text    not null,
    attempt integer not null,
    reason  text    not null
) strict;
INSERT INTO "history" VALUES(1,1,1700000000.0,'queued',0,'asked for (folder)');
INSERT INTO "history" VALUES(2,1,1700000001.0,'running',1,'begun');
INSERT INTO "history" VALUES(3,1,1700000003.0,'done',1,'finished');
INSERT INTO "history" VALUES(4,2,1700000004.0,'queued',0,'asked for (osc)');
INSERT INTO "history" VALUES(5,2,1700000005.0,'running',1,'begun');
INSERT INTO "history" VALUES(6,2,1700000006.0,'failed',1,'It is no audio.');
INSERT INTO "history" VALUES(7,3,1700000007.0,'queued',0,'asked for (osc)');
INSERT INTO "history" VALUES(8,3,1700000008.0,'cancelled',0,'cancelled on request');
INSERT INTO "history" VALUES(9,4,1700000009.0,'queued',0,'asked for (folder)');
INSERT INTO "history" VALUES(10,4,1700000010.0,'superseded',0,'a newer bounce took its place');
INSERT INTO "history" VALUES(11,5,1700000011.0,'queued',0,'asked for (folder)');
INSERT INTO "history" VALUES(12,6,1700000012.0,'failed',0,'It is cut off.');
INSERT INTO "history" VALUES(13,7,1700000013.0,'queued',0,'asked for (osc)');
INSERT INTO "history" VALUES(14,7,1700000014.0,'running',1,'begun');
CREATE TABLE jobs (
    seq          integer primary key,     -- order of creation
    id           text    not null unique,
    -- Only once: the same recording, settings and place are always the same row.
    identity     text    not null unique,
    path         text    not null,
    fingerprint  text    not null,        -- empty: failed before it was read whole
    out_base     text    not null,
    settings     text    not null,        -- JSON
    state        text    not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled', 'superseded')),
    reason       text    not null,
    -- Where a running job goes when it stops, if somebody wants it to stop; 'queued': asked for again meanwhile.
    cancel_to    text    check (cancel_to in ('cancelled', 'superseded', 'queued')),
    stage        text,
    fraction     real    not null default 0,
    priority     integer not null,
    position     integer not null,        -- place in the line; not a time, so that a clock may be set back
    origin       text    not null,
    reply_to     text,
    attempts     integer not null default 0,
    not_before   real    not null default 0,
    created_at   real    not null,
    updated_at   real    not null,
    error_code    text,
    error_message text,
    error_advice  text,
    summary      text    not null default '{}',  -- JSON
    check (cancel_to is null or state = 'running')
) strict;
INSERT INTO "jobs" VALUES(1,'sg2ydta5','391eb760ccdf644313b7b98ec5530d584bb6281aa62457b7d7114c57e885e067','/bounces/done.wav','646f6e652e776176000000000000000000000000000000000000000000000000','/bounces/done.drums','{"beats": "auto", "bpm": null, "compat": "tuned", "device": "auto", "engine": "annoteator", "host_bpm": null, "keep_stem": false, "meter": "7/8", "pdf": "lilypond", "preset": "general-midi", "quantize": 50, "separation": "auto", "separator_model": "htdemucs"}','done','finished',NULL,'hits',1.0,0,1,'folder',NULL,1,0.0,1700000000.0,1700000003.0,NULL,NULL,NULL,'{"bpm": 120.0, "hits": 7}');
INSERT INTO "jobs" VALUES(2,'tkzyb9d2','b546576d731ab724491cb0d96d6e3ffd9682d531722e5a2a0c73984dafe5b913','/bounces/failed.wav','6661696c65642e77617600000000000000000000000000000000000000000000','/bounces/failed.drums','{"beats": "auto", "bpm": null, "compat": "tuned", "device": "auto", "engine": "annoteator", "host_bpm": null, "keep_stem": false, "meter": null, "pdf": "lilypond", "preset": "general-midi", "quantize": 0, "separation": "auto", "separator_model": "htdemucs"}','failed','It is no audio.',NULL,NULL,0.0,10,2,'osc','127.0.0.1:7000',1,0.0,1700000004.0,1700000006.0,'unreadable','It is no audio.','Bounce again.','{}');
INSERT INTO "jobs" VALUES(3,'h7sttfg8','6e12c90a48e9cf625e94fb270f82bad1c9f5d505c6f065f48f94dae4813f61d1','/bounces/cancelled.wav','63616e63656c6c65642e77617600000000000000000000000000000000000000','/bounces/cancelled.drums','{"beats": "auto", "bpm": null, "compat": "tuned", "device": "auto", "engine": "annoteator", "host_bpm": null, "keep_stem": false, "meter": null, "pdf": "lilypond", "preset": "general-midi", "quantize": 0, "separation": "auto", "separator_model": "htdemucs"}','cancelled','cancelled on request',NULL,NULL,0.0,10,3,'osc',NULL,0,0.0,1700000007.0,1700000008.0,NULL,NULL,NULL,'{}');
INSERT INTO "jobs" VALUES(4,'bn22ghzb','655874e0187b28150dd25c12ddcd83732ed07f20ff375de7bcc26feff2a9bc32','/bounces/song.wav','736f6e672e776176000000000000000000000000000000000000000000000000','/bounces/song.drums','{"beats": "auto", "bpm": null, "compat": "tuned", "device": "auto", "engine": "annoteator", "host_bpm": null, "keep_stem": false, "meter": null, "pdf": "lilypond", "preset": "general-midi", "quantize": 0, "separation": "auto", "separator_model": "htdemucs"}','superseded','a newer bounce took its place',NULL,NULL,0.0,0,4,'folder',NULL,0,0.0,1700000009.0,1700000010.0,NULL,NULL,NULL,'{}');
INSERT INTO "jobs" VALUES(5,'jaqbc4he','75e8406f46277bf6a56e7ebc3628062c3846c0a437f7c9ba9195eee4a142c4b9','/bounces/song.wav','1111111111111111111111111111111111111111111111111111111111111111','/bounces/song.drums','{"beats": "auto", "bpm": null, "compat": "tuned", "device": "auto", "engine": "annoteator", "host_bpm": null, "keep_stem": false, "meter": null, "pdf": "lilypond", "preset": "general-midi", "quantize": 0, "separation": "auto", "separator_model": "htdemucs"}','queued','asked for (folder)',NULL,NULL,0.0,0,5,'folder',NULL,0,0.0,1700000011.0,1700000011.0,NULL,NULL,NULL,'{}');
INSERT INTO "jobs" VALUES(6,'vhz4dx0t','f16f130646603ffece51b38fe8643776d2a7f9d62442a0a3b01aaddaff5df8ac','/bounces/short.wav','','/bounces/short.drums','{"beats": "auto", "bpm": null, "compat": "tuned", "device": "auto", "engine": "annoteator", "host_bpm": null, "keep_stem": false, "meter": null, "pdf": "lilypond", "preset": "general-midi", "quantize": 0, "separation": "auto", "separator_model": "htdemucs"}','failed','It is cut off.',NULL,NULL,0.0,0,6,'folder',NULL,0,0.0,1700000012.0,1700000012.0,'truncated','It is cut off.','The export was interrupted: bounce the track again.','{}');
INSERT INTO "jobs" VALUES(7,'e7v3p9ns','3bd1b7fe2c148a630ed9b85bad7ec67d459f4dab515608188ab9ff1bc978ab0e','/bounces/running ö.wav','72756e6e696e6720c3b62e776176000000000000000000000000000000000000','/bounces/running ö.drums','{"beats": "auto", "bpm": null, "compat": "tuned", "device": "auto", "engine": "annoteator", "host_bpm": null, "keep_stem": false, "meter": null, "pdf": "lilypond", "preset": "general-midi", "quantize": 0, "separation": "auto", "separator_model": "htdemucs"}','running','begun','cancelled','read',0.25,10,7,'osc',NULL,1,0.0,1700000013.0,1700000016.0,NULL,NULL,NULL,'{}');
CREATE TABLE outputs (
    seq      integer primary key,         -- the highest for a path is who wrote there last
    path     text    not null,
    job      integer references jobs (seq) on delete set null,
    kind     text    not null,
    size     integer not null,
    mtime_ns integer not null,
    unique (path, job)
) strict;
INSERT INTO "outputs" VALUES(1,'/bounces/done.drums.mid',1,'midi',321,1700000000000000000);
CREATE TABLE plans (
    path     text    primary key,
    job      integer not null references jobs (seq) on delete cascade,
    kind     text    not null,
    size     integer,
    mtime_ns integer
) strict;
CREATE TABLE seen (
    path     text    primary key,
    size     integer not null,
    mtime_ns integer not null,
    inode    integer not null,
    job      integer references jobs (seq) on delete set null
) strict;
INSERT INTO "seen" VALUES('/bounces/done.wav',1000,1700000000000000000,-9223372036854775803,1);
INSERT INTO "seen" VALUES('/bounces/old.wav',1000,1700000000000000000,-9223372036854775803,NULL);
CREATE TABLE watched (
    folder text primary key,
    since  real not null
) strict;
INSERT INTO "watched" VALUES('/bounces',1700000017.0);
CREATE INDEX jobs_line on jobs (priority desc, position) where state = 'queued';
CREATE INDEX jobs_due on jobs (not_before) where state = 'queued';
CREATE INDEX jobs_running on jobs (out_base) where state = 'running';
CREATE INDEX jobs_place on jobs (out_base, path);
CREATE INDEX jobs_position on jobs (position);
CREATE INDEX history_job on history (job);
CREATE TRIGGER history_of_new after insert on jobs begin
    insert into history (job, at, state, attempt, reason)
    values (new.seq, new.created_at, new.state, new.attempts, new.reason);
end;
CREATE TRIGGER history_of_change after update of state on jobs begin
    insert into history (job, at, state, attempt, reason)
    values (new.seq, new.updated_at, new.state, new.attempts, new.reason);
end;
CREATE INDEX outputs_job on outputs (job);
CREATE INDEX plans_job on plans (job);
CREATE INDEX seen_job on seen (job);
COMMIT;
pragma application_id = 1111640657;
pragma user_version = 1;
