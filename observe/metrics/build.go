package metrics

import (
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
)

// buildInfo is 1, with what the program was built from as labels.
func buildInfo() prometheus.Collector {
	version, commit := "unknown", "unknown"
	if built, ok := debug.ReadBuildInfo(); ok {
		if built.Main.Version != "" {
			version = built.Main.Version
		}
		for _, setting := range built.Settings {
			if setting.Key == "vcs.revision" {
				commit = setting.Value
			}
		}
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "aiusage_build_info", Help: "1, with the version, the commit and the version of Go that the gateway was built from.",
		ConstLabels: prometheus.Labels{"version": version, "commit": commit, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}
