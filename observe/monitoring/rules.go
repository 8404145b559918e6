package main

// rules is a file of Prometheus' rules.
type rules struct {
	Groups []group `yaml:"groups"`
}

type group struct {
	Name  string `yaml:"name"`
	Rules []rule `yaml:"rules"`
}

// rule is a series that is recorded, or an alert.
type rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// The severities of alerts: somebody has to get up, or to look during the day.
const (
	critical = "critical"
	warning  = "warning"
)

// alert is a rule whose page is docs/operations/alerts/NAME.md.
func alert(name, severity, lasting, expr, summary string) rule {
	return rule{
		Alert: name, Expr: expr, For: lasting, Labels: map[string]string{"severity": severity},
		Annotations: map[string]string{"summary": summary, "runbook": folder + "/alerts/" + name + ".md"},
	}
}

// answers are the doors at which people and programs ask for usage.
const answers = `door=~"graphql|legacy|export"`

func ruleFile() rules {
	return rules{[]group{
		{"aiusage-recorded", []rule{
			{Record: "door:aiusage_requests:rate5m", Expr: `sum by (job, door) (rate(aiusage_requests_total[5m]))`},
			{Record: "code:aiusage_request_errors:rate5m", Expr: `sum by (job, code) (rate(aiusage_request_errors_total[5m]))`},
			{Record: "door:aiusage_request_duration_seconds:p95_5m",
				Expr: `histogram_quantile(0.95, sum by (job, door, le) (rate(aiusage_request_duration_seconds_bucket[5m])))`},
		}},
		{"aiusage", []rule{
			alert("AIUsageAway", critical, "2m", `up{job="aiusage"} == 0`,
				"Gateway {{ $labels.instance }} does not answer Prometheus."),
			alert("AIUsageInternalErrors", critical, "5m", `code:aiusage_request_errors:rate5m{code="INTERNAL_SERVER_ERROR"} > 0`,
				"Answers fail for reasons that the gateway does not know."),
			alert("AIUsageUnavailable", critical, "5m",
				`sum by (job) (code:aiusage_request_errors:rate5m{code=~"SERVICE_UNAVAILABLE|STALE|TIMEOUT"}) / sum by (job) (door:aiusage_requests:rate5m{`+answers+`}) > 0.05`,
				"{{ $value | humanizePercentage }} of the answers are 503 or 504."),
			alert("AIUsageSlow", warning, "15m", `door:aiusage_request_duration_seconds:p95_5m{`+answers+`} > 2`,
				"At the door {{ $labels.door }}, one answer in twenty takes {{ $value | humanizeDuration }} or longer."),
			alert("AIUsageRefusesTurns", warning, "5m", `sum by (job, cause) (rate(aiusage_answers_refused_total{cause!="gone"}[5m])) > 0`,
				"More is asked than can be done: answers are refused ({{ $labels.cause }})."),
			alert("AIUsageWaitsForConnections", warning, "10m", `aiusage_sql_waiting_snapshots > 0`,
				"On {{ $labels.instance }}, answers have been waiting for connections to the database for ten minutes."),
			alert("AIUsageNotFolding", warning, "10m", `max by (job) (aiusage_rollups_stuck) == 1`,
				"Changes of sessions are not folded. Answers are exact, and get slower."),
			alert("AIUsageFoldsLate", warning, "15m", `max by (job) (aiusage_rollups_lag_seconds) > 300`,
				"The oldest change that waits to be folded is {{ $value | humanizeDuration }} old."),
			alert("AIUsageDistrustsSums", warning, "15m", `max by (job) (aiusage_rollups_distrusted) == 1`,
				"The sums were found to differ from the sessions, which answers are read from meanwhile."),
			alert("AIUsageReplicaBehind", warning, "10m", `aiusage_replica_lag_seconds > 60`,
				"The database server of {{ $labels.instance }} is {{ $value | humanizeDuration }} behind its primary, and so are its answers."),
			alert("AIUsageAuditLost", critical, "0m", `increase(aiusage_audit_failures_total[10m]) > 0`,
				"On {{ $labels.instance }}, entries of the audit have been lost."),
			alert("AIUsageGuessed", warning, "10m", `sum by (job) (rate(aiusage_authentications_total{result=~"wrong|too_many"}[5m])) > 1`,
				"{{ $value | humanize }} wrong passwords a second: somebody guesses, or a program has an old one."),
			alert("AIUsageSchemasDiffer", warning, "1h", `max by (job) (aiusage_schema_version) != min by (job) (aiusage_schema_version)`,
				"Gateways are on databases with different schemas."),
		}},
	}}
}
