-- What became of alerts by people and by the desk, beside what detection said of them.

-- Which incident an alert is part of, and what was said of that incident: the newest incident, should there have been several.
-- Silences and digests, which are of no incident alone, have details.
CREATE OR REPLACE VIEW alert_incidents_all AS
SELECT run_id, alert_id, incident_id, incident_status, acknowledged_at, acknowledged_by, reopened_at, label, labelled_by
FROM
(
    SELECT e.run_id AS run_id, e.incident_id AS incident_id, groupUniqArrayIf(e.alert_id, e.alert_id != '') AS alert_ids,
        max((e.at, e.n)) AS newest,
        argMaxIf(toString(e.status), (e.at, e.n), e.status != '') AS incident_status,
        maxOrNullIf(e.at, e.transition = 'acknowledged') AS acknowledged_at,
        argMaxOrNullIf(toString(e.changed_by), (e.at, e.n), e.transition = 'acknowledged') AS acknowledged_by,
        maxOrNullIf(e.at, e.transition = 'reopened') AS reopened_at,
        argMaxOrNullIf(toString(e.label), (e.at, e.n), e.transition = 'labelled') AS label,
        argMaxOrNullIf(toString(e.changed_by), (e.at, e.n), e.transition = 'labelled') AS labelled_by
    FROM incident_events_data AS e FINAL
    WHERE e.details_json = ''
    GROUP BY e.run_id, e.incident_id
)
ARRAY JOIN alert_ids AS alert_id
ORDER BY newest DESC
LIMIT 1 BY run_id, alert_id;

-- An alert is its newest event; versions = how many there were. While it is open, its status is what the desk made of it.
CREATE OR REPLACE VIEW alerts_all AS
SELECT a.run_id AS run_id, a.alert_id AS alert_id,
    multiIf(a.event = 'resolved', 'resolved', ifNull(i.incident_status, '') IN ('acknowledged', 'expired'), ifNull(i.incident_status, ''), 'open') AS status,
    a.version AS versions,
    a.* EXCEPT (run_id, alert_id, version, event),
    nullIf(ifNull(i.incident_id, ''), '') AS incident_id,
    i.acknowledged_at AS acknowledged_at, i.acknowledged_by AS acknowledged_by, i.reopened_at AS reopened_at,
    i.label AS label, i.labelled_by AS labelled_by
FROM
(
    SELECT * FROM alert_events_all ORDER BY version DESC LIMIT 1 BY run_id, alert_id
) AS a
LEFT JOIN alert_incidents_all AS i ON i.run_id = a.run_id AND i.alert_id = a.alert_id;

CREATE OR REPLACE VIEW alerts AS
SELECT * EXCEPT run_id FROM alerts_all WHERE run_id = (SELECT run_id FROM current_run);

-- A transition that destinations were told of is kept twice by the desk, as what was told and as what became of it: here it
-- stands once, with whom it was told to.
CREATE OR REPLACE VIEW alert_history_all AS
SELECT a.run_id AS run_id, a.at AS at, 'detection' AS source, nullIf(ifNull(i.incident_id, ''), '') AS incident_id, a.alert_id AS alert_id,
    toString(a.event) AS transition, if(a.event = 'resolved', 'resolved', 'open') AS status, 'tripline' AS who, a.text AS why,
    CAST([], 'Array(String)') AS told, '' AS label, a.fn AS fn, toString(a.signal) AS signal, toString(a.severity) AS severity,
    toUInt64(a.version) AS n
FROM alert_events_all AS a
LEFT JOIN alert_incidents_all AS i ON i.run_id = a.run_id AND i.alert_id = a.alert_id
UNION ALL
SELECT run_id, at, if(changed_by = 'tripline', 'desk', 'person'), incident_id, alert_id,
    toString(transition), toString(status), toString(changed_by), reason,
    CAST(told, 'Array(String)'), toString(label), fn, toString(signal), toString(severity), n
FROM
(
    SELECT *, max(notEmpty(told)) OVER (PARTITION BY run_id, epoch, incident_id, transition, at) AS is_told
    FROM incident_events_all
    WHERE details_json = ''
)
WHERE notEmpty(told) OR is_told = 0;

CREATE OR REPLACE VIEW alert_history AS
SELECT * EXCEPT run_id FROM alert_history_all WHERE run_id = (SELECT run_id FROM current_run);
