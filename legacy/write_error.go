package legacy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"aiusage/failure"
	"aiusage/observe"
)

// fail answers an error in the negotiated format. Whatever is not a refusal of this
// door's own may be a fault of the gateway, whose text never leaves.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, as format, err error) {
	observe.From(r.Context()).Failed(codeOf(err))
	f := errorResponseOf(err, as, loginPage(r))
	if _, refused := errors.AsType[*errorResponse](err); !refused {
		failure.Log(r.Context(), h.Log, err)
	}
	header := w.Header()
	for name, values := range f.header {
		header[name] = values
	}
	var body []byte
	if f.code != "" {
		header.Set("Content-Type", contentTypes[as])
		body = errorBody(f, as)
	}
	writeStatus(w, r, f.status, f.reason, body)
}

// errorBody writes the ErrorResponse (facts 15 and 16).
func errorBody(f *errorResponse, as format) []byte {
	var body bytes.Buffer
	s := newStream(context.Background(), &body)
	switch as {
	case formatXML:
		xmlError(s, f)
	case formatJSV:
		jsvError(s, f)
	case formatCSV:
		csvError(s, f)
	case formatHTML:
		htmlError(s, f)
	default:
		jsonError(s, f)
	}
	s.close() // to memory: cannot fail
	return body.Bytes()
}

// jsonError writes the body of fact 15.
func jsonError(s *stream, f *errorResponse) {
	s.text(`{"responseStatus":{"errorCode":`)
	s.jsonString(f.code)
	s.text(`,"message":`)
	s.jsonString(f.message)
	s.text(`,"errors":[`)
	if f.field != "" {
		s.text(`{"errorCode":`)
		s.jsonString(f.code)
		s.text(`,"fieldName":`)
		s.jsonString(f.field)
		s.text(`,"message":`)
		s.jsonString(f.detail)
		s.char('}')
	}
	s.char(']')
	if f.batchIndex != nil { // fact 23
		s.text(`,"meta":{"AutoBatchIndex":"`)
		s.number(int64(*f.batchIndex))
		s.text(`"}`)
	}
	s.text("}}")
}

const errorAttributes = ` xmlns:i="` + instanceNamespace + `" xmlns="` + errorNamespace + `"`

// xmlError writes the body of fact 16.
func xmlError(s *stream, f *errorResponse) {
	s.text(xmlDeclaration + "<ErrorResponse" + errorAttributes + "><ResponseStatus><ErrorCode>")
	s.xmlWords(f.code)
	s.text("</ErrorCode><Message>")
	s.xmlWords(f.message)
	s.text(`</Message><StackTrace i:nil="true" />`)
	if f.field == "" {
		s.text("<Errors />")
	} else {
		s.text("<Errors><ResponseError><ErrorCode>")
		s.xmlWords(f.code)
		s.text("</ErrorCode><FieldName>")
		s.xmlWords(f.field)
		s.text("</FieldName><Message>")
		s.xmlWords(f.detail)
		s.text(`</Message><Meta xmlns:d5p1="` + arraysNamespace + `" i:nil="true" /></ResponseError></Errors>`)
	}
	if f.batchIndex == nil {
		s.text(`<Meta xmlns:d3p1="` + arraysNamespace + `" i:nil="true" />`)
	} else { // fact 23
		s.text(`<Meta xmlns:d3p1="` + arraysNamespace + `"><d3p1:KeyValueOfstringstring><d3p1:Key>AutoBatchIndex</d3p1:Key><d3p1:Value>`)
		s.number(int64(*f.batchIndex))
		s.text("</d3p1:Value></d3p1:KeyValueOfstringstring></Meta>")
	}
	s.text("</ResponseStatus></ErrorResponse>")
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

// jsvError writes the body of fact 15 as JSV.
func jsvError(s *stream, f *errorResponse) {
	s.text("{responseStatus:")
	jsvStatus(s, f, `"`)
	s.char('}')
}

// csvError writes the body of fact 16: a header and one JSV cell.
func csvError(s *stream, f *errorResponse) {
	s.text("ResponseStatus\r\n\"")
	jsvStatus(s, f, `""`)
	s.text("\"\r\n")
}

func jsvStatus(s *stream, f *errorResponse, quote string) {
	s.text("{errorCode:")
	s.jsvText(f.code, quote)
	s.text(",message:")
	s.jsvText(f.message, quote)
	s.text(",errors:[")
	if f.field != "" {
		s.text("{errorCode:")
		s.jsvText(f.code, quote)
		s.text(",fieldName:")
		s.jsvText(f.field, quote)
		s.text(",message:")
		s.jsvText(f.detail, quote)
		s.char('}')
	}
	s.char(']')
	if f.batchIndex != nil {
		s.text(",meta:{AutoBatchIndex:" + strconv.Itoa(*f.batchIndex) + "}")
	}
	s.char('}')
}

// htmlError writes a page that says what was wrong.
func htmlError(s *stream, f *errorResponse) {
	s.text(htmlHead + "<p>")
	s.htmlText(f.code)
	s.text(": ")
	s.htmlText(f.message)
	s.text("</p>" + htmlFoot)
}
