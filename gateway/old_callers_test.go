package gateway_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

// The JavaScript client of the old host is served unchanged.
func TestOldCallersInJavaScript(t *testing.T) {
	const folder = "../legacy/callers"
	if _, err := os.Stat(folder + "/node_modules/@servicestack/client"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the client is not installed; run make callers")
		}
		t.Skip("the client is not installed; run make callers")
	}
	s := start(t, fill(t, dbtest.One(t)))
	output, err := exec.CommandContext(t.Context(), "node", folder+"/run.mjs", s.url, "ada", password).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// curl sends what people and scripts send, in its own ways.
func TestOldCallersWithCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	s := start(t, fill(t, dbtest.One(t)))
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const (
		usage    = "/ai/usage"
		whole    = `{"accountUsage":[{"accountId":"acc-1","aiMinutes":3},{"accountId":"acc-2","aiMinutes":1}],"customerUsage":[{"accountId":"acc-1","customerId":"cus-1","aiMinutes":2},{"accountId":"acc-2","customerId":"cus-1","aiMinutes":1}]}`
		second   = `{"accountUsage":[{"accountId":"acc-2","aiMinutes":1}],"customerUsage":[{"accountId":"acc-2","customerId":"cus-1","aiMinutes":1}]}`
		rowOfXML = `<AccountUsage><AIAccountUsage><AIMinutes>1</AIMinutes><AccountId>acc-2</AccountId></AIAccountUsage></AccountUsage>`
		xmlBody  = `<GetAIUsage xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI"><AccountId>acc-2</AccountId></GetAIUsage>`
		asJSON   = "Content-Type: application/json"
	)
	jar := filepath.Join(folder, "jar")
	body := file("request.json", `{"AccountId":"acc-2"}`)
	document := file("request.xml", xmlBody)
	basic := []string{"-u", "ada:" + password}
	for _, c := range []struct {
		path string
		args []string
		want string
	}{
		{usage, basic, whole},
		{usage + "?accountId=acc-2", basic, second},
		{usage, []string{"-G", "--data-urlencode", "accountId=acc-2"}, second},
		{usage, []string{"-d", "AccountId=acc-2"}, second},
		{usage, []string{"--data-urlencode", "AccountId=acc-2", "-d", "StartDate=3/2/2026"}, second},
		{usage, []string{"-F", "accountId=acc-2"}, second},
		{usage, []string{"-H", asJSON, "-d", `{"AccountId":"acc-2"}`}, second},
		{usage, []string{"-H", asJSON, "--data-binary", "@" + body}, second},
		{usage, []string{"-H", asJSON, "-X", "GET", "-d", "@" + body}, second},
		{usage, []string{"-H", asJSON, "-T", body}, second},
		{usage, []string{"-H", asJSON, "-H", "Transfer-Encoding: chunked", "-d", "@" + body}, second},
		{usage, []string{"-H", asJSON, "-H", "Expect: 100-continue", "-d", "@" + body}, second},
		{usage, []string{"-H", asJSON, "--http1.0", "-d", "@" + body}, second},
		{usage, []string{"-H", asJSON, "--compressed", "-X", "DELETE", "-d", "@" + body}, second},
		{usage, []string{"-H", "Content-Type: text/xml; charset=utf-8", "-H", "Accept: application/json", "-d", "@" + document}, second},
		{usage, []string{"-H", "Content-Type: application/xml", "-d", "@" + document}, rowOfXML},
		{usage + ".xml?accountId=acc-2", basic, rowOfXML},
		{"/xml/reply/GetAIUsage", []string{"-d", "@" + document, "-H", "Content-Type:"}, rowOfXML},
		{usage + ".csv?accountId=acc-2", basic, "\"[{accountId:acc-2,aiMinutes:1}]\""},
		{usage + "?accountId=acc-2&startDate=2026-03-02%2000:00:00Z", []string{"-H", "Accept: application/json"}, second},
		{usage + "?accountId=acc-2", []string{"-I", "-H", "Accept: text/csv"}, "Content-Disposition: attachment;filename=\"GetAIUsage.csv\""},
		{"//AI//Usage/?accountId=acc-2", []string{"--path-as-is"}, second},
		{usage + "?callback=f&accountId=acc-2", basic, "f(" + second + ")"},
		{usage, []string{"-T", body}, "UnsupportedMediaType"}, // no type, no guess
		{"/auth/basic", []string{"-c", jar}, `"userName":"ada"`},
		{usage + "?accountId=acc-2", []string{"--no-basic", "-b", jar}, second},
		{"/auth/credentials", []string{"--no-basic", "-c", jar, "-H", "Content-Type: application/xml", "-H", "Accept: application/xml", "-d",
			`<Authenticate xmlns="http://schemas.servicestack.net/types"><UserName>ada</UserName><Password>` + password + `</Password></Authenticate>`}, "<UserName>ada</UserName>"},
		{usage + "?accountId=acc-2", []string{"--no-basic", "-b", jar}, second},
		{"/auth/logout", []string{"--no-basic", "-b", jar, "-c", jar}, `{"responseStatus":{}}`},
	} {
		args := append([]string{"-sS", "--max-time", "60"}, c.args...)
		if strings.Join(c.args, " ") != strings.Join(basic, " ") && c.args[0] != "--no-basic" {
			args = append(args, basic...)
		}
		if c.args[0] == "--no-basic" {
			args = append(args[:3], c.args[1:]...)
		}
		output, err := exec.CommandContext(t.Context(), "curl", append(args, s.url+c.path)...).CombinedOutput()
		if err != nil || !strings.Contains(string(output), c.want) {
			t.Errorf("curl %q %s: %v\ngot %s\nwant %s", c.args, c.path, err, output, c.want)
		}
	}
	if jar, err := os.ReadFile(jar); err == nil {
		for _, line := range strings.Split(string(jar), "\n") {
			if fields := strings.Fields(line); len(fields) == 7 && fields[5] != "ss-opt" {
				secret(fields[6])
			}
		}
	}
}
