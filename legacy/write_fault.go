package legacy

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
)

// fail answers an error in the negotiated format. A fault of the gateway is
// logged, once; its text never leaves.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, as format, err error) {
	f := faultOf(err, as, loginPage(r))
	if cause := coded(err); f.status >= 500 && cause.Cause != nil {
		h.Log.ErrorContext(r.Context(), "the legacy door could not answer",
			"error", cause.Cause, "code", string(cause.Code), "status", f.status)
	}
	header := w.Header()
	for name, values := range f.header {
		header[name] = values
	}
	var body []byte
	if f.code != "" {
		header.Set("Content-Type", contentTypes[as])
		body = faultBody(f, as)
	}
	writeStatus(w, r, f.status, f.reason, body)
}

// faultBody writes the ErrorResponse (facts 15 and 16).
func faultBody(f *fault, as format) []byte {
	var body bytes.Buffer
	s := newStream(context.Background(), &body)
	switch as {
	case formatXML:
		xmlFault(s, f)
	case formatJSV:
		jsvFault(s, f)
	case formatCSV:
		csvFault(s, f)
	case formatHTML:
		htmlFault(s, f)
	default:
		jsonFault(s, f)
	}
	s.Flush() // to memory: cannot fail
	return body.Bytes()
}

// jsonFault writes the body of fact 15.
func jsonFault(s *stream, f *fault) {
	s.WriteString(`{"responseStatus":{"errorCode":`)
	s.jsonString(f.code)
	s.WriteString(`,"message":`)
	s.jsonString(f.message)
	s.WriteString(`,"errors":[`)
	if f.field != "" {
		s.WriteString(`{"errorCode":`)
		s.jsonString(f.code)
		s.WriteString(`,"fieldName":`)
		s.jsonString(f.field)
		s.WriteString(`,"message":`)
		s.jsonString(f.detail)
		s.WriteByte('}')
	}
	s.WriteByte(']')
	if f.batchIndex != nil { // fact 23
		s.WriteString(`,"meta":{"AutoBatchIndex":"`)
		s.number(int64(*f.batchIndex))
		s.WriteString(`"}`)
	}
	s.WriteString("}}")
}

const errorAttributes = ` xmlns:i="` + instanceNamespace + `" xmlns="` + errorNamespace + `"`

// xmlFault writes the body of fact 16.
func xmlFault(s *stream, f *fault) {
	s.WriteString(xmlDeclaration + "<ErrorResponse" + errorAttributes + "><ResponseStatus><ErrorCode>")
	s.xmlWords(f.code)
	s.WriteString("</ErrorCode><Message>")
	s.xmlWords(f.message)
	s.WriteString(`</Message><StackTrace i:nil="true" />`)
	if f.field == "" {
		s.WriteString("<Errors />")
	} else {
		s.WriteString("<Errors><ResponseError><ErrorCode>")
		s.xmlWords(f.code)
		s.WriteString("</ErrorCode><FieldName>")
		s.xmlWords(f.field)
		s.WriteString("</FieldName><Message>")
		s.xmlWords(f.detail)
		s.WriteString(`</Message><Meta xmlns:d5p1="` + arraysNamespace + `" i:nil="true" /></ResponseError></Errors>`)
	}
	if f.batchIndex == nil {
		s.WriteString(`<Meta xmlns:d3p1="` + arraysNamespace + `" i:nil="true" />`)
	} else { // fact 23
		s.WriteString(`<Meta xmlns:d3p1="` + arraysNamespace + `"><d3p1:KeyValueOfstringstring><d3p1:Key>AutoBatchIndex</d3p1:Key><d3p1:Value>`)
		s.number(int64(*f.batchIndex))
		s.WriteString("</d3p1:Value></d3p1:KeyValueOfstringstring></Meta>")
	}
	s.WriteString("</ResponseStatus></ErrorResponse>")
}

// xmlWords writes words for a person: what XML cannot hold is replaced.
func (s *stream) xmlWords(text string) {
	s.xmlText(strings.Map(func(r rune) rune {
		if isXMLChar(r) {
			return r
		}
		return '\uFFFD'
	}, text))
}

// jsvFault writes the body of fact 15 as JSV.
func jsvFault(s *stream, f *fault) {
	s.WriteString("{responseStatus:")
	jsvStatus(s, f, `"`)
	s.WriteByte('}')
}

// csvFault writes the body of fact 16: a header and one JSV cell.
func csvFault(s *stream, f *fault) {
	s.WriteString("ResponseStatus\r\n\"")
	jsvStatus(s, f, `""`)
	s.WriteString("\"\r\n")
}

func jsvStatus(s *stream, f *fault, quote string) {
	s.WriteString("{errorCode:")
	s.jsvText(f.code, quote)
	s.WriteString(",message:")
	s.jsvText(f.message, quote)
	s.WriteString(",errors:[")
	if f.field != "" {
		s.WriteString("{errorCode:")
		s.jsvText(f.code, quote)
		s.WriteString(",fieldName:")
		s.jsvText(f.field, quote)
		s.WriteString(",message:")
		s.jsvText(f.detail, quote)
		s.WriteByte('}')
	}
	s.WriteByte(']')
	if f.batchIndex != nil {
		s.WriteString(",meta:{AutoBatchIndex:" + strconv.Itoa(*f.batchIndex) + "}")
	}
	s.WriteByte('}')
}

// htmlFault writes a page that says what was wrong.
func htmlFault(s *stream, f *fault) {
	s.WriteString(htmlHead + "<p>")
	s.htmlText(f.code)
	s.WriteString(": ")
	s.htmlText(f.message)
	s.WriteString("</p>" + htmlFoot)
}
