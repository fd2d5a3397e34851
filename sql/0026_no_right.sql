-- That an account has no right is an answer; PERMISSION_DATA_MISSING is for what
-- could not be read.

UPDATE account_versions v
SET facts = replace(v.facts, '"errors":["PERMISSION_DATA_MISSING"]',
                    '"errors":[]')
FROM accounts a
WHERE v.account_id = a.id AND upper_inf(v.observed)
      AND v.facts LIKE '%"errors":["PERMISSION\_DATA\_MISSING"]%'
      AND NOT EXISTS (SELECT
                      FROM instance_scopes s
                      WHERE s.instance_id = a.instance_id AND NOT s.known
                            AND s.status <> 'unsupported');
