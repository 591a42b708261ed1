-- Ten events of each case between two places of the list.
INSERT INTO event (at, kind, application_id, actor, stage_from, stage_to, revision, version, detail, trace)
SELECT f.t + make_interval(mins => e.after), e.kind, f.id, '', e.left_, e.entered, 1, e.place, NULL, ''
FROM fill f CROSS JOIN (VALUES
    (1, 0, 'submit', 'draft', 'checking'), (2, 1, 'finish_check', 'checking', 'verifying'),
    (3, 20, 'verify', 'verifying', 'preparing'), (4, 21, 'finish_blanko', 'preparing', 'awaiting_paraf'),
    (5, 45, 'initial', 'awaiting_paraf', 'applying_paraf'), (6, 46, 'finish_paraf', 'applying_paraf', 'awaiting_paraf'),
    (7, 75, 'finish_paraf', 'applying_paraf', 'awaiting_signature'), (8, 90, 'sign', 'awaiting_signature', 'numbering'),
    (9, 92, 'finish_licence', 'assembling', 'ready'), (10, 1440, 'hand_over', 'ready', 'closed'))
    AS e (place, after, kind, left_, entered)
WHERE f.n BETWEEN %(first)s AND %(last)s ORDER BY f.n, e.place
