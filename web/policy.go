package web

import "strings"

// ariaStyle is the hash of the one style sheet that React Aria writes into the page:
// touch-action of what can be pressed. It changes with React Aria; the browser tests fail then.
const ariaStyle = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='"

// monacoStyles are the hashes of the style sheets that GraphiQL's editor writes into the page
// (the first is an empty one). They change with monaco; the browser tests fail then.
var monacoStyles = []string{
	"'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
	"'sha256-/YCtf7j/I3KubjYgUooNPJs7crOUxYruuMDrzE2WNMY='",
	"'sha256-3QyMmjG0v4MiZZ8IeptNJlmd7zM7llV4JV9ZHbWTs7w='",
	"'sha256-0uDvk8p8SLmwmuTQMWcfnUfXlxHCsgzXnC1QRl9MrjM='",
	"'sha256-kGvPUIdCMdTQkkGU/QuwT8RQSzVE+F6AWLJ541xRoVo='",
	"'sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo='",
}

// applicationPolicy lets a page load what this gateway serves, and nothing else.
var applicationPolicy = policy("style-src 'self' " + ariaStyle)

// graphiQLPolicy differs in what its editor cannot do without: it positions its lines by style
// attributes, and writes style sheets whose text is known.
var graphiQLPolicy = policy(
	"style-src 'self'",
	"style-src-elem 'self' "+strings.Join(append(monacoStyles, ariaStyle), " "),
	"style-src-attr 'unsafe-inline'",
	"worker-src 'self'",
)

func policy(styles ...string) string {
	return "default-src 'none'; script-src 'self'; " + strings.Join(styles, "; ") +
		"; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}
