// Uploads the files whose names it reads, then lists and reads what is there.
package main

import (
	"context"
	"log"
	"os"
	"strings"

	"example.com/upload/files"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	broker := &Broker{
		URL:   os.Getenv("BROKER_URL"),
		Grant: os.Getenv("GRANT"),
		SubjectToken: func() (string, error) {
			text, err := os.ReadFile(os.Getenv("SUBJECT_TOKEN_FILE"))
			return strings.TrimSpace(string(text)), err
		},
	}
	first, err := broker.Credential(ctx)
	if err != nil {
		return err
	}
	target := first.Grant.Targets[0]
	where := target.Target
	if len(os.Args) > 1 {
		where = os.Args[1]
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(where, "oss://"), "/")

	client := oss.NewClient(oss.LoadDefaultConfig().
		WithCredentialsProvider(broker).
		WithRegion(target.Region).
		WithEndpoint(target.Endpoint).
		WithUseCName(target.Cname))

	return files.UploadAndList(ctx, client, bucket, prefix)
}
