package compare

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aiusage/usage"
)

// maxAnswer is the largest answer that is read, in bytes.
const maxAnswer = 256 << 20

// host is one of the two that are asked.
type host struct {
	address       string
	authorization string
	client        *http.Client
}

// newHost returns the host at an address. Credentials are "name:password" for
// Basic, or the value of an Authorization header such as "Bearer aiu_…"; with none,
// those that were recorded are sent.
func newHost(argument usage.Argument, address, credentials string, timeout time.Duration) (host, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.RawQuery != "" || parsed.User != nil {
		return host{}, usage.Invalid(argument, "%s is not an address such as https://host.example.com, without a name and a password", argument)
	}
	scheme, _, hasScheme := strings.Cut(credentials, " ")
	switch {
	case credentials == "", hasScheme && (strings.EqualFold(scheme, "basic") || strings.EqualFold(scheme, "bearer")):
	case strings.Contains(credentials, ":"):
		credentials = "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
	default:
		return host{}, usage.Invalid(argument, "the credentials for %s are neither name:password nor the value of an Authorization header", argument)
	}
	return host{strings.TrimSuffix(address, "/"), credentials, &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// response is what a host has answered.
type response struct {
	// status is the code and the reason phrase.
	status string
	code   int
	header http.Header
	body   []byte
}

// unsent are the headers that belong to a connection and not to a question.
var unsent = []string{"Host", "Content-Length", "Connection", "Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade", "Expect", "Accept-Encoding"}

// ask sends a request.
func (h host) ask(ctx context.Context, asked Request) (response, error) {
	request, err := http.NewRequestWithContext(ctx, asked.Method, h.address+asked.Path, bytes.NewReader(asked.body))
	if err != nil {
		return response{}, err
	}
	for name, value := range asked.Headers {
		if value == "" || strings.HasPrefix(name, ":") {
			continue // as logs write absent ones, and what HTTP/2 has instead of a request line
		}
		request.Header.Set(name, value)
	}
	for _, name := range unsent {
		request.Header.Del(name)
	}
	if h.authorization != "" {
		request.Header.Del("Cookie")
		request.Header.Del("X-ss-id")
		request.Header.Set("Authorization", h.authorization)
	}
	answer, err := h.client.Do(request)
	if err != nil {
		return response{}, withoutAddress(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	return response{answer.Status, answer.StatusCode, answer.Header, body}, err
}

// withoutAddress returns an error without the address, which the report has.
func withoutAddress(err error) error {
	if asked, ok := errors.AsType[*url.Error](err); ok {
		return asked.Err
	}
	return err
}
