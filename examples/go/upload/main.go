// Uploads the files whose names it reads, then lists and reads what is there.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

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

	uploader := client.NewUploader()
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		key := prefix + filepath.Base(names.Text())
		// in parts if the file is larger than 6 MiB
		request := &oss.PutObjectRequest{Bucket: oss.Ptr(bucket), Key: oss.Ptr(key)}
		if _, err := uploader.UploadFile(ctx, request, names.Text()); err != nil {
			return err
		}
		fmt.Println("uploaded", key)
	}

	pages := client.NewListObjectsV2Paginator(&oss.ListObjectsV2Request{Bucket: oss.Ptr(bucket), Prefix: oss.Ptr(prefix)})
	for pages.HasNext() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, entry := range page.Contents {
			object, err := client.GetObject(ctx, &oss.GetObjectRequest{Bucket: oss.Ptr(bucket), Key: entry.Key})
			if err != nil {
				return err
			}
			content, err := io.ReadAll(object.Body)
			object.Body.Close()
			if err != nil {
				return err
			}
			fmt.Println("read", *entry.Key, len(content))
		}
	}
	return nil
}
