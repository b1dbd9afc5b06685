// Uploads the files whose names it reads, with credentials that a program prints; then lists and reads what is there.
//
// CREDENTIAL_PROCESS is that program with its arguments, such as oss-token-broker get --format ossutil.
package main

import (
	"context"
	"log"
	"os"
	"strings"

	"example.com/upload/files"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

func main() {
	process := credentials.NewProcessCredentialsProvider(os.Getenv("CREDENTIAL_PROCESS"))
	// it holds a credential, and runs the program again before that ends
	held := credentials.NewCredentialsFetcherProvider(credentials.CredentialsFetcherFunc(process.GetCredentials))

	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(os.Args[1], "oss://"), "/")
	config := oss.LoadDefaultConfig().WithCredentialsProvider(held).WithRegion(os.Getenv("OSS_REGION"))
	if endpoint := os.Getenv("OSS_ENDPOINT"); endpoint != "" {
		config.WithEndpoint(endpoint)
	}
	if err := files.UploadAndList(context.Background(), oss.NewClient(config), bucket, prefix); err != nil {
		log.Fatal(err)
	}
}
