package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

// Answer is what the broker issued.
type Answer struct {
	AccessKeyId, AccessKeySecret, SecurityToken string
	Expiration, RefreshAfter                    time.Time
	Grant                                       struct {
		Name    string
		Targets []struct {
			Target, Region, Endpoint string
			Cname                    bool
		}
	}
}

// Refusal is an error of the broker. Code is stable; quote RequestID to the operator.
type Refusal struct {
	Code      string `json:"code"`
	RequestID string `json:"requestId"`
}

func (r Refusal) Error() string {
	return fmt.Sprintf("the broker refuses: %s (request %s)", r.Code, r.RequestID)
}

// Broker holds a credential, and asks for the next one in time.
type Broker struct {
	URL, Grant string
	// SubjectToken is called for each credential.
	SubjectToken func() (string, error)

	mu    sync.Mutex
	held  *Answer
	askAt time.Time
}

// Credential returns the answer in use. It is good for one request to OSS.
func (b *Broker) Credential(ctx context.Context) (*Answer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().Before(b.askAt) {
		return b.held, nil
	}
	next, err := b.ask(ctx)
	switch {
	case err == nil:
		b.held, b.askAt = next, next.RefreshAfter
	case b.held == nil || !time.Now().Before(b.held.Expiration):
		return nil, err
	default:
		b.askAt = time.Now().Add(10 * time.Second) // the old one still works
	}
	return b.held, nil
}

// GetCredentials makes Broker a credentials.CredentialsProvider. The SDK calls it for every request.
func (b *Broker) GetCredentials(ctx context.Context) (credentials.Credentials, error) {
	held, err := b.Credential(ctx)
	if err != nil {
		return credentials.Credentials{}, err
	}
	return credentials.Credentials{
		AccessKeyID:     held.AccessKeyId,
		AccessKeySecret: held.AccessKeySecret,
		SecurityToken:   held.SecurityToken,
		Expires:         &held.Expiration,
	}, nil
}

func (b *Broker) ask(ctx context.Context) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	token, err := b.SubjectToken()
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if b.Grant != "" {
		query.Set("Grant", b.Grant)
	}
	request, err := http.NewRequestWithContext(ctx, "GET", b.URL+"/v1/credentials?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		refusal := Refusal{Code: response.Status}
		_ = json.NewDecoder(response.Body).Decode(&refusal) // a proxy may have answered
		return nil, refusal
	}
	answer := new(Answer)
	return answer, json.NewDecoder(response.Body).Decode(answer)
}
