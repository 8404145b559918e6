package answer

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"aiusage/legacy/contract"
)

// SignedIn is the old host's answer to signing in, as far as there are
// values for it. The id and both names of a user are one here.
type SignedIn struct {
	SessionID, UserName string
	Roles               []string
}

// Write answers in a format.
func (a SignedIn) Write(w http.ResponseWriter, as contract.Format) {
	var body bytes.Buffer
	s := newStream(context.Background(), &body)
	switch as {
	case contract.XML:
		a.xml(s)
	case contract.JSV:
		a.jsv(s)
	case contract.CSV:
		a.csv(s)
	default:
		as = contract.JSON // a browser that asks for a page gets no page of credentials
		a.json(s)
	}
	s.close() // to memory: cannot fail
	w.Header().Set("Content-Type", contract.ContentTypes[as])
	w.Write(body.Bytes())
}

// texts are the members that hold a text and have a value, in the order of the contract.
func (a SignedIn) texts() (members [][2]string) {
	for _, member := range [][2]string{
		{"userId", a.UserName}, {"sessionId", a.SessionID}, {"userName", a.UserName}, {"displayName", a.UserName},
	} {
		if member[1] != "" {
			members = append(members, member)
		}
	}
	return members
}

// json leaves out what has no value.
func (a SignedIn) json(s *stream) {
	s.char('{')
	for _, member := range a.texts() {
		s.jsonString(member[0])
		s.char(':')
		s.jsonString(member[1])
		s.char(',')
	}
	if len(a.Roles) > 0 {
		s.text(`"roles":`)
		list(s, a.Roles, (*stream).jsonString)
		s.char(',')
	}
	s.text(`"responseStatus":{}}`)
}

// jsv is as json.
func (a SignedIn) jsv(s *stream) {
	s.char('{')
	for _, member := range a.texts() {
		s.text(member[0] + ":")
		s.jsvText(member[1], `"`)
		s.char(',')
	}
	if len(a.Roles) > 0 {
		s.text("roles:")
		a.jsvRoles(s, `"`)
		s.char(',')
	}
	s.text("responseStatus:{}}")
}

func (a SignedIn) jsvRoles(s *stream, quote string) {
	list(s, a.Roles, func(s *stream, role string) { s.jsvText(role, quote) })
}

// csv has a column for every member of the old host's class.
func (a SignedIn) csv(s *stream) {
	s.text("UserId,SessionId,UserName,DisplayName,ReferrerUrl,BearerToken,RefreshToken,ProfileUrl,Roles,Permissions,ResponseStatus,Meta\r\n")
	for _, text := range []string{a.UserName, a.SessionID, a.UserName, a.UserName} {
		s.csvCell(text)
		s.char(',')
	}
	s.text(",,,,")
	if len(a.Roles) > 0 {
		s.char('"')
		a.jsvRoles(s, `""`)
		s.char('"')
	}
	s.text(",,{},\r\n")
}

// csvCell writes a cell, quoted where it needs to be.
func (s *stream) csvCell(text string) {
	if strings.ContainsAny(text, ",\"\r\n") {
		text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	s.text(text)
}

// xml has an element for every member of the old host's class, nil without a value.
func (a SignedIn) xml(s *stream) {
	s.text(contract.XMLDeclaration + "<AuthenticateResponse" + errorAttributes + ">")
	s.xmlMember("UserId", a.UserName)
	s.xmlMember("SessionId", a.SessionID)
	s.xmlMember("UserName", a.UserName)
	s.xmlMember("DisplayName", a.UserName)
	for _, name := range []string{"ReferrerUrl", "BearerToken", "RefreshToken", "ProfileUrl"} {
		s.xmlMember(name, "")
	}
	const arrays = ` xmlns:d2p1="` + contract.ArraysNamespace + `"`
	if len(a.Roles) == 0 {
		s.text("<Roles" + arrays + ` i:nil="true" />`)
	} else {
		s.text("<Roles" + arrays + ">")
		for _, role := range a.Roles {
			s.text("<d2p1:string>")
			s.xmlWords(role)
			s.text("</d2p1:string>")
		}
		s.text("</Roles>")
	}
	s.text("<Permissions" + arrays + ` i:nil="true" /><ResponseStatus>`)
	for _, name := range []string{"ErrorCode", "Message", "StackTrace", "Errors"} {
		s.xmlMember(name, "")
	}
	s.text(`<Meta xmlns:d3p1="` + contract.ArraysNamespace + `" i:nil="true" /></ResponseStatus><Meta` + arrays + ` i:nil="true" /></AuthenticateResponse>`)
}

// xmlMember writes an element with a text, or a nil one.
func (s *stream) xmlMember(name, value string) {
	if value == "" {
		s.text("<" + name + ` i:nil="true" />`)
		return
	}
	s.text("<" + name + ">")
	s.xmlWords(value)
	s.text("</" + name + ">")
}

// WriteJSON writes a small document as the old host did, without escaping what
// need not be.
func WriteJSON(w http.ResponseWriter, document any) {
	var body strings.Builder
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		panic(err) // strings and truth values
	}
	w.Header().Set("Content-Type", contract.ContentTypes[contract.JSON])
	w.Write([]byte(strings.TrimSuffix(body.String(), "\n")))
}
