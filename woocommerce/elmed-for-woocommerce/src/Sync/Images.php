<?php

/**
 * Brings a product's picture over, once: the address it came from is kept on the attachment and on the product.
 *
 * Called by Sync\Upsert after the product is saved. No key is sent for a picture. A picture that the merchant chose is
 * kept, unless the setting says otherwise.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Settings\Options;
use WC_Product;

final class Images
{
    /** On the attachment: where it came from, and the hash of its bytes. */
    private const SOURCE = '_elmed_source';
    private const BYTES = '_elmed_sha256';
    private const TIMEOUT = 10;
    private const LARGEST = 8388608;

    /**
     * Gives the product the picture at the address, where it has none of the merchant's own.
     *
     * @throws Problem When the picture cannot be brought over; the product stays as it is.
     */
    public function bring(WC_Product $product, ?string $url): void
    {
        $kept = json_decode((string) $product->get_meta(ProductMeta::IMAGE), true);
        $last = is_array($kept) ? $kept : array('url' => '', 'attachment' => 0);
        if ($url === null || $url === $last['url']) {
            return;
        }
        $present = (int) $product->get_image_id('edit');
        $own_choice = $present !== 0 && $present !== (int) $last['attachment'];
        if ($own_choice && !Options::overwriteEdits()) {
            $attachment = 0;
        } else {
            $attachment = $this->known($url) ?: $this->fetch($url, $product);
            $product->set_image_id($attachment);
        }
        $product->update_meta_data(ProductMeta::IMAGE, (string) wp_json_encode(array('url' => $url, 'attachment' => $attachment)));
        $product->save();
    }

    /** Whether the picture at the address is the one that was last dealt with, judged by the stored value. */
    public static function isDone(?string $url, string $stored): bool
    {
        $kept = json_decode($stored, true);
        return $url === null || (is_array($kept) && ($kept['url'] ?? '') === $url);
    }

    /** The attachment that came from there before; 0 when none did. */
    private function known(string $url): int
    {
        $found = get_posts(
            array(
                'post_type' => 'attachment',
                'post_status' => 'inherit',
                'meta_key' => self::SOURCE,
                'meta_value' => $url,
                'fields' => 'ids',
                'numberposts' => 1,
                'no_found_rows' => true,
            )
        );
        return $found ? (int) $found[0] : 0;
    }

    /** @throws Problem When it does not come, is too large, or is no picture. */
    private function fetch(string $url, WC_Product $product): int
    {
        require_once ABSPATH . 'wp-admin/includes/file.php';
        require_once ABSPATH . 'wp-admin/includes/media.php';
        require_once ABSPATH . 'wp-admin/includes/image.php';
        $file = wp_tempnam('elmed');
        try {
            $name = $this->download($url, $file);
            $alt = $product->get_name('edit');
            $attachment = media_handle_sideload(array('name' => $name, 'tmp_name' => $file), $product->get_id(), $alt);
            if (is_wp_error($attachment)) {
                throw new Problem(Problem::IMAGE, $attachment->get_error_message());
            }
            update_post_meta($attachment, '_wp_attachment_image_alt', wp_slash($alt));
            update_post_meta($attachment, self::SOURCE, wp_slash($url));
            update_post_meta($attachment, self::BYTES, (string) hash_file('sha256', (string) get_attached_file($attachment)));
            return $attachment;
        } finally {
            if (is_file($file)) {
                wp_delete_file($file);
            }
        }
    }

    /**
     * Writes the picture to the file; returns a name with the ending that its content deserves.
     *
     * @throws Problem When it does not come, is too large, or is no picture.
     */
    private function download(string $url, string $file): string
    {
        $answer = wp_safe_remote_get(
            $url,
            array(
                'timeout' => self::TIMEOUT,
                'redirection' => 2,
                'stream' => true,
                'filename' => $file,
                'limit_response_size' => self::LARGEST + 1,
                'user-agent' => 'elmed-for-woocommerce/' . ELMED_WC_VERSION,
            )
        );
        if (is_wp_error($answer)) {
            throw new Problem(Problem::IMAGE, __('not reachable', 'elmed-for-woocommerce'));
        }
        $status = (int) wp_remote_retrieve_response_code($answer);
        if ($status !== 200) {
            throw new Problem(Problem::IMAGE, 'HTTP ' . $status);
        }
        if (filesize($file) > self::LARGEST) {
            throw new Problem(Problem::IMAGE, __('larger than 8 MB', 'elmed-for-woocommerce'));
        }
        $endings = array('image/jpeg' => 'jpg', 'image/png' => 'png', 'image/webp' => 'webp', 'image/gif' => 'gif');
        $type = wp_get_image_mime($file);
        if (!isset($endings[(string) $type])) {
            throw new Problem(Problem::IMAGE, __('not a picture', 'elmed-for-woocommerce'));
        }
        return substr(hash_file('sha256', $file), 0, 20) . '.' . $endings[$type];
    }
}
