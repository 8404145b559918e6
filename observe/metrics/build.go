package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"aiusage/observe"
)

// buildInfo is 1, with what the program was built from as labels.
func buildInfo() prometheus.Collector {
	build := observe.ThisBuild()
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "aiusage_build_info", Help: "1, with the version, the commit and the version of Go that the gateway was built from.",
		ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}
