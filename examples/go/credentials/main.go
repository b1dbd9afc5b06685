// Uploads the files whose names it reads, with credentials-go; then lists and reads what is there.
//
// The environment says where credentials come from: ALIBABA_CLOUD_CREDENTIALS_URI, or the three variables of
// oidc_role_arn and the host of the broker as STS_ENDPOINT.
package main

import (
	"context"
	"log"
	"os"
	"strings"

	"example.com/upload/files"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	osscredentials "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/credentials-go/credentials"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func newSource() (credentials.Credential, error) {
	config := new(credentials.Config)
	if endpoint, ok := os.LookupEnv("STS_ENDPOINT"); ok {
		config.SetType("oidc_role_arn").SetSTSEndpoint(endpoint)
	} else {
		config.SetType("credentials_uri")
	}
	return credentials.NewCredential(config)
}

func run(ctx context.Context) error {
	source, err := newSource()
	if err != nil {
		return err
	}
	provider := osscredentials.CredentialsProviderFunc(func(context.Context) (osscredentials.Credentials, error) {
		held, err := source.GetCredential()
		if err != nil {
			return osscredentials.Credentials{}, err
		}
		return osscredentials.Credentials{
			AccessKeyID:     *held.AccessKeyId,
			AccessKeySecret: *held.AccessKeySecret,
			SecurityToken:   *held.SecurityToken,
		}, nil
	})
	config := oss.LoadDefaultConfig().WithCredentialsProvider(provider).WithRegion(os.Getenv("OSS_REGION"))
	if endpoint := os.Getenv("OSS_ENDPOINT"); endpoint != "" {
		config.WithEndpoint(endpoint)
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(os.Args[1], "oss://"), "/")
	return files.UploadAndList(ctx, oss.NewClient(config), bucket, prefix)
}
