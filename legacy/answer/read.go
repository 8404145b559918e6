package answer

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"aiusage/legacy/contract"
)

// Row is a row of an answer. CustomerID is empty in rows of accounts.
type Row struct {
	AccountID  string `xml:"AccountId" json:"accountId"`
	CustomerID string `xml:"CustomerId" json:"customerId"`
	Minutes    int64  `xml:"AIMinutes" json:"aiMinutes"`
}

// Content is what the operation has answered.
type Content struct {
	Accounts  []Row `xml:"AccountUsage>AIAccountUsage" json:"accountUsage"`
	Customers []Row `xml:"CustomerUsage>AICustomerUsage" json:"customerUsage"`
}

// Read reads an answer in XML, JSON, JSONP, JSV or CSV (facts 10 to 13), or
// those to a batch (fact 23), as callers do. Pages for people are not read.
func Read(contentType string, body []byte) ([]Content, error) {
	if contract.MediaType(contentType) == "text/javascript" {
		begin, end := bytes.IndexByte(body, '('), bytes.LastIndexByte(body, ')')
		if begin < 0 || end < begin {
			return nil, errors.New("it is not the call of a function")
		}
		return jsonAnswers(body[begin+1 : end])
	}
	switch contract.MediaOf(contract.MediaType(contentType)) {
	case contract.Media(contract.JSON):
		return jsonAnswers(body)
	case contract.Media(contract.XML):
		return xmlAnswers(body)
	case contract.Media(contract.JSV):
		return jsvAnswers(string(body))
	case contract.Media(contract.CSV):
		return csvAnswers(body)
	}
	return nil, fmt.Errorf("the Content-Type %q is not one of answers that programs read", contentType)
}

func jsonAnswers(body []byte) (answers []Content, err error) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '[' {
		err = json.Unmarshal(body, &answers)
		return answers, err
	}
	answers = make([]Content, 1)
	return answers, json.Unmarshal(body, &answers[0])
}

func xmlAnswers(body []byte) ([]Content, error) {
	var document struct {
		XMLName xml.Name
		Content
		Batch []Content `xml:"AIUsage"`
	}
	if err := xml.Unmarshal([]byte(contract.HideReferences(string(body))), &document); err != nil {
		return nil, err
	}
	answers := document.Batch
	switch document.XMLName.Local {
	case "AIUsage":
		answers = []Content{document.Content}
	case "ArrayOfAIUsage":
	default:
		return nil, fmt.Errorf("the root element is %s", document.XMLName.Local)
	}
	for _, answer := range answers {
		for _, rows := range [][]Row{answer.Accounts, answer.Customers} {
			for i := range rows {
				var accountErr, customerErr error
				rows[i].AccountID, accountErr = contract.ShowReferences(rows[i].AccountID)
				rows[i].CustomerID, customerErr = contract.ShowReferences(rows[i].CustomerID)
				if err := errors.Join(accountErr, customerErr); err != nil {
					return nil, err
				}
			}
		}
	}
	return answers, nil
}

// csvAnswers reads a line of two JSV lists for each answer.
func csvAnswers(body []byte) ([]Content, error) {
	header, rest, _ := strings.Cut(string(body), "\n")
	if strings.TrimSuffix(header, "\r") != "AccountUsage,CustomerUsage" {
		return nil, errors.New("the header is not AccountUsage,CustomerUsage")
	}
	var answers []Content
	for rest != "" {
		accounts, tail, err := csvCell(rest)
		if err != nil || !strings.HasPrefix(tail, ",") {
			return nil, errors.Join(errors.New("expected two quoted cells"), err)
		}
		customers, tail, err := csvCell(tail[1:])
		if err != nil {
			return nil, err
		}
		answer, err := readJSVAnswer("{accountUsage:" + accounts + ",customerUsage:" + customers + "}")
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
		rest = strings.TrimPrefix(strings.TrimPrefix(tail, "\r"), "\n")
	}
	return answers, nil
}

// csvCell reads a quoted cell. encoding/csv would make a line feed of CR LF within
// it, which may be a part of an id.
func csvCell(text string) (cell, tail string, err error) {
	if !strings.HasPrefix(text, `"`) {
		return "", "", errors.New("expected a quoted cell")
	}
	quoted, tail, err := contract.JSVQuoted(text)
	if err != nil {
		return "", "", err
	}
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `""`, `"`), tail, nil
}

func jsvAnswers(text string) ([]Content, error) {
	if !strings.HasPrefix(text, "[") {
		answer, err := readJSVAnswer(text)
		return []Content{answer}, err
	}
	items, err := jsvItems(text)
	if err != nil {
		return nil, err
	}
	answers := make([]Content, len(items))
	for i, item := range items {
		if answers[i], err = readJSVAnswer(item); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func readJSVAnswer(object string) (answer Content, err error) {
	members, err := jsvMembers(object)
	if err != nil {
		return answer, err
	}
	for name, rows := range map[string]*[]Row{"accountUsage": &answer.Accounts, "customerUsage": &answer.Customers} {
		items, err := jsvItems(members[name])
		if err != nil {
			return answer, fmt.Errorf("%s: %w", name, err)
		}
		for _, item := range items {
			row, err := readJSVRow(item)
			if err != nil {
				return answer, fmt.Errorf("%s: %w", name, err)
			}
			*rows = append(*rows, row)
		}
	}
	return answer, nil
}

func readJSVRow(object string) (row Row, err error) {
	members, err := jsvMembers(object)
	if err != nil {
		return row, err
	}
	if row.Minutes, err = strconv.ParseInt(members["aiMinutes"], 10, 64); err != nil {
		return row, err
	}
	if row.AccountID, err = contract.JSVString(members["accountId"]); err != nil {
		return row, err
	}
	row.CustomerID, err = contract.JSVString(members["customerId"])
	return row, err
}

// jsvMembers returns the raw values of an object by name.
func jsvMembers(object string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(object, "{")
	if !ok {
		return nil, errors.New("expected {")
	}
	members := map[string]string{}
	for rest != "}" {
		name, value, tail, err := contract.JSVPair(rest)
		if err != nil || tail == "" {
			return nil, errors.Join(errors.New("expected a name and a value"), err)
		}
		members[name] = value
		rest = strings.TrimPrefix(tail, ",")
	}
	return members, nil
}

// jsvItems returns the raw items of a list of objects.
func jsvItems(list string) (items []string, err error) {
	rest, ok := strings.CutPrefix(list, "[")
	if !ok {
		return nil, errors.New("expected [")
	}
	for rest != "]" {
		item, tail, err := contract.JSVNested(rest)
		if err != nil || tail == "" {
			return nil, errors.New("expected an object")
		}
		items = append(items, item)
		rest = strings.TrimPrefix(tail, ",")
	}
	return items, nil
}
