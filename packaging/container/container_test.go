// Package container holds the Dockerfile and the compose file to what is known to be right of them.
// Nothing is built or run: that needs images of others.
package container

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// Two linters know what may stand in these files, and what is better said otherwise.
func TestLintersFindNothing(t *testing.T) {
	for program, args := range map[string][]string{
		"dockerfile-utils": {"lint", "Dockerfile"},
		"dclint":           {"--max-warnings", "0", "compose.yaml"},
	} {
		path := "node_modules/.bin/" + program
		if _, err := os.Stat(path); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip("the linters are not installed: run make containers")
		}
		if output, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", program, err, output)
		}
	}
}

// compose is what the tests look at of the compose file.
type compose struct {
	Services map[string]struct {
		Image       string
		Command     []string
		Environment map[string]string
		Ports       []string
		CapDrop     []string `yaml:"cap_drop"`
		ReadOnly    bool     `yaml:"read_only"`
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The image is built with the Go of go.mod, runs as nobody in particular, and asks the program
// itself whether it is well: it has no other.
func TestTheImage(t *testing.T) {
	text := read(t, "Dockerfile")
	for _, want := range []string{"FROM scratch", "USER 65534:65534", `CMD ["/usr/bin/aiusage", "health"]`, `ENTRYPOINT ["/usr/bin/aiusage"]`, "ca-certificates.crt"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	needs := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../../go.mod"))[1]
	if !strings.Contains(text, "golang:"+needs+"-") {
		t.Errorf("it is not built with Go %s, which go.mod names", needs)
	}
}

// The server is one that the tests know, the gateway may do nothing it does not need, and nobody
// outside of the machine can ask either.
func TestTheServices(t *testing.T) {
	var all compose
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &all); err != nil {
		t.Fatal(err)
	}
	major := regexp.MustCompile(`(?m)^mysql_version=(\d+)`).FindStringSubmatch(read(t, "../../.ci/run"))[1]
	if image := all.Services["mysql"].Image; !strings.HasPrefix(image, "mysql:"+major+".") {
		t.Errorf("the server is %s, and the tests run on %s", image, major)
	}
	if ports := all.Services["mysql"].Ports; len(ports) > 0 {
		t.Errorf("others can reach the database at %v", ports)
	}
	if ports := all.Services["gateway"].Ports; len(ports) != 1 || !strings.HasPrefix(ports[0], "127.0.0.1:") || !strings.HasSuffix(ports[0], ":8080") {
		t.Errorf("the gateway is reached at %v", ports)
	}
	for name, command := range map[string]string{"gateway": "serve", "migrate": "migrate"} {
		service := all.Services[name]
		if len(service.Command) == 0 || service.Command[0] != command || !service.ReadOnly || len(service.CapDrop) != 1 || service.CapDrop[0] != "ALL" {
			t.Errorf("%s is %+v", name, service)
		}
		if dsn := service.Environment["MYSQL_DSN"]; !strings.HasSuffix(dsn, "@tcp(mysql:3306)/"+all.Services["mysql"].Environment["MYSQL_DATABASE"]) {
			t.Errorf("%s uses the database %s", name, dsn)
		}
	}
}
