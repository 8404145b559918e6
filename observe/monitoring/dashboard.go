package main

// usageDashboard is Grafana's model of a dashboard (schema 39), of which only is set what is not
// as by default.
func usageDashboard() map[string]any {
	var panels []any
	for i, p := range panelsInOrder {
		panels = append(panels, p.model(i))
	}
	return map[string]any{
		"uid": "aiusage", "title": "AI usage gateway", "tags": []string{"aiusage"}, "schemaVersion": 39, "editable": true,
		"time": map[string]string{"from": "now-6h", "to": "now"}, "refresh": "30s", "timezone": "browser",
		"templating": map[string]any{"list": []any{
			map[string]any{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
			map[string]any{
				"name": "instance", "type": "query", "label": "Gateway", "datasource": datasource, "multi": true, "includeAll": true, "refresh": 2,
				"query":   map[string]string{"query": "label_values(aiusage_build_info, instance)", "refId": "instances"},
				"current": map[string]any{"text": "All", "value": "$__all"},
			},
		}},
		"panels": panels,
	}
}

var datasource = map[string]string{"type": "prometheus", "uid": "${datasource}"}

// panel is a chart, or a number, of one or more expressions.
type panel struct {
	title, about, unit string
	kind               string
	queries            []query
}

// query is an expression and how its series are named.
type query struct{ expr, legend string }

const (
	timeseries = "timeseries"
	stat       = "stat"

	columns, width, height = 3, 8, 8
)

// model is the panel at a place.
func (p panel) model(place int) map[string]any {
	var targets []any
	for i, q := range p.queries {
		targets = append(targets, map[string]any{"datasource": datasource, "refId": string(rune('A' + i)), "expr": q.expr, "legendFormat": q.legend})
	}
	return map[string]any{
		"id": place + 1, "type": p.kind, "title": p.title, "description": p.about, "datasource": datasource, "targets": targets,
		"gridPos":     map[string]int{"x": place % columns * width, "y": place / columns * height, "w": width, "h": height},
		"fieldConfig": map[string]any{"defaults": map[string]any{"unit": p.unit, "min": 0}, "overrides": []any{}},
	}
}

// of is a metric of the gateways that are looked at.
func of(metric, labels string) string {
	if labels != "" {
		labels = ", " + labels
	}
	return metric + `{instance=~"$instance"` + labels + `}`
}

func rate(metric, labels string) string { return "rate(" + of(metric, labels) + "[$__rate_interval])" }

// quantile is one of a histogram, by a label.
func quantile(share, histogram, by, labels string) string {
	return "histogram_quantile(" + share + ", sum by (le" + by + ") (" + rate(histogram+"_bucket", labels) + "))"
}

// panelsInOrder go from what callers feel to why it is so.
var panelsInOrder = []panel{
	{"Requests", "Answers a second, by door.", "reqps", timeseries, []query{{"sum by (door) (" + rate("aiusage_requests_total", "") + ")", "{{door}}"}}},
	{"Errors", "Answers with errors a second, by code. INTERNAL_SERVER_ERROR is a fault of the gateway.", "reqps", timeseries,
		[]query{{"sum by (code) (" + rate("aiusage_request_errors_total", "") + ")", "{{code}}"}}},
	{"Duration", "How long answers take: the median and one in twenty.", "s", timeseries, []query{
		{quantile("0.5", "aiusage_request_duration_seconds", ", door", answers), "{{door}} median"},
		{quantile("0.95", "aiusage_request_duration_seconds", ", door", answers), "{{door}} p95"}}},
	{"Answers at work", "Those that wait do so because the most are at work, or because their bytes are taken.", "short", timeseries, []query{
		{"sum(" + of("aiusage_answers_at_work", "") + ")", "at work"}, {"sum(" + of("aiusage_answers_waiting", "") + ")", "waiting"},
		{"sum(" + of("aiusage_answers_max", "") + ")", "most"}}},
	{"Wait for a turn", "How long one answer in twenty waits, and how many are refused.", "s", timeseries, []query{
		{quantile("0.95", "aiusage_answers_wait_seconds", "", ""), "p95"}, {"sum by (cause) (" + rate("aiusage_answers_refused_total", "") + ")", "refused: {{cause}}"}}},
	{"Bytes of large answers", "By estimate, until they have been taken.", "bytes", timeseries, []query{
		{"sum(" + of("aiusage_answers_bytes", "") + ")", "set aside"}, {"sum(" + of("aiusage_answers_max_bytes", "") + ")", "most"}}},
	{"Statements", "Where the time of the database goes, by the gateway's function.", "s", timeseries,
		[]query{{"topk(8, sum by (statement) (" + rate("aiusage_sql_duration_seconds_sum", "") + "))", "{{statement}}"}}},
	{"Rows", "Rows read from the database a second.", "short", timeseries,
		[]query{{"topk(8, sum by (statement) (" + rate("aiusage_sql_rows_total", "") + "))", "{{statement}}"}}},
	{"Connections", "To the database. What waits for a snapshot waits for a connection.", "short", timeseries, []query{
		{"sum by (state) (" + of("aiusage_sql_connections", "") + ")", "{{state}}"}, {"sum(" + of("aiusage_sql_max_connections", "") + ")", "most"},
		{"sum(" + of("aiusage_sql_waiting_snapshots", "") + ")", "waiting"}}},
	{"Changes that wait", "Changes of sessions that are not folded into the sums yet. Answers include them.", "short", timeseries,
		[]query{{"max(" + of("aiusage_rollups_pending_changes", "") + ")", "changes"}}},
	{"Age of the oldest", "Seconds for which the oldest change has been waiting.", "s", timeseries, []query{{"max(" + of("aiusage_rollups_lag_seconds", "") + ")", "lag"}}},
	{"Folding", "Changes folded a second, by all gateways together.", "short", timeseries, []query{{"sum(" + rate("aiusage_rollups_folded_changes_total", "") + ")", "folded"}}},
	{"Live", "Open streams, and subscriptions that wait for changes.", "short", timeseries, []query{
		{"sum(" + of("aiusage_graphql_streams", "") + ")", "streams"}, {"sum(" + of("aiusage_live_listeners", "") + ")", "subscriptions"},
		{"sum(" + of("aiusage_live_reports", "") + ")", "different reports"}}},
	{"Signing in", "Credentials that were looked at a second, by what became of them.", "reqps", timeseries,
		[]query{{"sum by (result) (" + rate("aiusage_authentications_total", "") + ")", "{{result}}"}}},
	{"Memory", "Resident memory of each gateway.", "bytes", timeseries, []query{{of("process_resident_memory_bytes", ""), "{{instance}}"}}},
	{"Sums", "1 where reports read sums; otherwise they read single sessions, which is exact and slow.", "short", stat,
		[]query{{"min(" + of("aiusage_rollups_ready", "") + ")", "ready"}, {"max(" + of("aiusage_rollups_distrusted", "") + ")", "distrusted"}}},
	{"Versions", "Gateways by what they were built from.", "short", stat, []query{{"count by (version) (" + of("aiusage_build_info", "") + ")", "{{version}}"}}},
	{"Audit", "Entries that were lost.", "short", stat, []query{{"sum(" + of("aiusage_audit_failures_total", "") + ")", "lost"}}},
}
