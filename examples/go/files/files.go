// Package files uploads files to OSS.
package files

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// UploadAndList uploads the files whose names it reads, then lists and reads what is there.
func UploadAndList(ctx context.Context, client *oss.Client, bucket, prefix string) error {
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
