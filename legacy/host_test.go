package legacy

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// sent returns a header by its name as it is written, which Header.Get spells anew.
func sent(w *httptest.ResponseRecorder, name string) string {
	return strings.Join(w.Header()[name], "\n")
}

// TestFacts14And18HeaderNamesAsTheHostWroteThem, byte by byte.
func TestFacts14And18HeaderNamesAsTheHostWroteThem(t *testing.T) {
	s := newDoor(t).listen(t, nil)
	for request, want := range map[string]string{
		"GET /ai/usage HTTP/1.1\r\nHost: test\r\n\r\n":                                                                    "\r\nWWW-Authenticate: basic realm=\"/auth/basic\"\r\n",
		"POST /json/reply/GetAIUsage[] HTTP/1.1\r\n" + adminHeaders + "Content-Length: 4\r\n\r\n[{}]":                     "\r\nX-AutoBatch-Completed: 1\r\n",
		"POST /json/reply/GetAIUsage[] HTTP/1.1\r\n" + adminHeaders + "Content-Length: 19\r\n\r\n[{\"startDate\":\"x\"}]": "\r\nX-AutoBatch-Completed: 0\r\n",
	} {
		connection, _ := s.dial()
		io.WriteString(connection, strings.Replace(request, "\r\n", "\r\nConnection: close\r\n", 1))
		answer, err := io.ReadAll(connection)
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%q: %v\n%s", request, err, answer)
		}
	}
}

// TestFact1TRACEAndCONNECTDoNotRunTheOperation.
func TestFact1TRACEAndCONNECTDoNotRunTheOperation(t *testing.T) {
	d := newDoor(t)
	s := d.listen(t, nil)
	for _, verb := range []string{"TRACE", "CONNECT"} {
		for _, path := range []string{"/ai/usage", "/json/reply/GetAIUsage", "/auth/logout"} {
			response, _ := s.exchange(verb, verb+" "+path+" HTTP/1.1\r\n"+adminHeaders+"\r\n")
			if response.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(response.Header.Get("Allow"), "DELETE") || len(d.asked()) != 0 {
				t.Errorf("%s %s: %s %v", verb, path, response.Status, response.Header)
			}
		}
	}
}

// TestFact18BlanksInBasicCredentials, which the old host did not mind.
func TestFact18BlanksInBasicCredentials(t *testing.T) {
	for _, header := range []string{"Basic  YWRtaW46c2VjcmV0", "basic \t YWRtaW46c2VjcmV0 ", "Basic YWRt aW46 c2VjcmV0"} {
		d := newDoor(t)
		if w := d.send("GET", "/ai/usage", "", "Authorization: "+header); w.Code != 200 || len(d.asked()) != 1 {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
	for _, header := range []string{"Basic", "Basic ", "BasicYWRtaW46c2VjcmV0", "Digest  YWRtaW46c2VjcmV0"} {
		if w := newDoor(t).send("GET", "/ai/usage", "", "Authorization: "+header); w.Code != 401 {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
}

// TestFact24MetadataOfEveryFormat leads to the one page there is.
func TestFact24MetadataOfEveryFormat(t *testing.T) {
	d := newDoor(t)
	for _, path := range []string{"/json/metadata?op=GetAIUsage", "/XML/Metadata/", "/jsv//metadata", "/csv/metadata", "/html/metadata"} {
		r, _ := http.NewRequest("GET", "http://host"+path, nil)
		w := recorder()
		d.ServeHTTP(w, r)
		if !Serves(r.URL.Path) || w.Code != http.StatusFound || w.Header().Get("Location") != "/metadata" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	if Serves("/soap11/metadata") || Serves("/json/metadata/x") {
		t.Error("a path that leads nowhere is served")
	}
}

// hastyServer gives a body a moment to arrive.
func hastyServer(t *testing.T, d *door, ended chan<- struct{}) wire {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- struct{}{} }()
		d.ServeHTTP(w, r)
	}))
	server.Config.ReadTimeout = 100 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	return wire{server, t}
}

const halfABody = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"AccountId\""

// TestFact17AClientThatStalls is told so, however the body is sent.
func TestFact17AClientThatStalls(t *testing.T) {
	ended := make(chan struct{}, 10)
	d := newDoor(t)
	s := hastyServer(t, d, ended)
	for _, rest := range []string{
		halfABody,
		"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"Acc",
		"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n" + gzipped(`{"AccountId":"A"}`)[:15],
		"Content-Type: text/plain\r\nContent-Length: 100\r\n\r\nx",
	} {
		connection, reader := s.dial()
		io.WriteString(connection, "POST /ai/usage HTTP/1.1\r\n"+adminHeaders+rest)
		response, err := http.ReadResponse(bufio.NewReader(reader), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		if response.Status != "408 RequestTimeout" || !response.Close || !strings.Contains(string(body), `"errorCode":"RequestTimeout"`) || len(d.asked()) != 0 {
			t.Errorf("%q: %s %s", rest, response.Status, body)
		}
		<-ended
	}
	if d.log.Len() != 0 {
		t.Errorf("logged %s", d.log.String())
	}
}

// TestAClientThatHangsUp within its body is no fault of the gateway, and asks for
// nothing: half a request is none.
func TestAClientThatHangsUp(t *testing.T) {
	ended := make(chan struct{}, 10)
	d := newDoor(t)
	s := hastyServer(t, d, ended)
	connection, _ := s.dial()
	io.WriteString(connection, "POST /ai/usage HTTP/1.1\r\n"+adminHeaders+halfABody)
	connection.Close()
	<-ended
	if len(d.asked()) != 0 || d.log.Len() != 0 {
		t.Errorf("asked %v, logged %s", d.asked(), d.log.String())
	}
	// One that only ends its own half is told what was wrong.
	connection, reader := s.dial()
	io.WriteString(connection, "POST /ai/usage HTTP/1.1\r\n"+adminHeaders+halfABody)
	connection.(interface{ CloseWrite() error }).CloseWrite()
	response, err := http.ReadResponse(bufio.NewReader(reader), nil)
	if err != nil || response.Status != "400 SerializationException" {
		t.Errorf("%v %+v", err, response)
	}
	<-ended
}

// resetBody is what reading from a connection gives that the client has reset.
type resetBody struct{}

func (resetBody) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

func TestABodyThatCannotBeReadIsNoFaultOfTheGateway(t *testing.T) {
	d := newDoor(t)
	r, _ := http.NewRequest("POST", "/ai/usage", resetBody{})
	r.ContentLength = -1
	r.SetBasicAuth("admin", "secret")
	r.Header.Set("Content-Type", "application/json")
	w := recorder()
	d.ServeHTTP(w, r)
	if w.Code != 400 || d.log.Len() != 0 || len(d.asked()) != 0 {
		t.Errorf("%d %s", w.Code, d.log.String())
	}
}
