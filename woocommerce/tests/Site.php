<?php
/**
 * The site under test as a whole: its facts, its log and mails, and calls to it over HTTP as a browser makes them.
 */

namespace Elmed\WooCommerce\Tests;

final class Site {

	/** What the bed wrote: url, www, base, wordpress, php, mariadb, and woocommerce where it is there. */
	public static function fact( string $name ): string {
		return (string) ( $GLOBALS['elmed_test_site'][ $name ] ?? '' );
	}

	public static function hasWooCommerce(): bool {
		return '' !== self::fact( 'woocommerce' );
	}

	/** What WordPress logged: notices, warnings, errors. */
	public static function debugLog(): string {
		$file = self::fact( 'base' ) . '/debug.log';
		return is_file( $file ) ? (string) file_get_contents( $file ) : '';
	}

	/**
	 * Mails "sent" so far, oldest first: to, subject, message, headers, attachments.
	 *
	 * @return array<int, array<string, mixed>>
	 */
	public static function mails(): array {
		$file = self::fact( 'base' ) . '/mails.jsonl';
		if ( ! is_file( $file ) ) {
			return array();
		}
		return array_map(
			static function ( $line ) {
				return json_decode( $line, true );
			},
			file( $file, FILE_IGNORE_NEW_LINES )
		);
	}

	/** Empty the shop of what earlier journeys left: products, orders, baskets, jobs, and all that the plugin keeps. */
	public static function reset(): void {
		global $wpdb;
		$wpdb->query( "DELETE FROM {$wpdb->options} WHERE option_name LIKE '%elmed%'" );
		$wpdb->query( "DELETE m FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id WHERE p.post_type IN ('product','product_variation','shop_order','shop_order_placehold','shop_order_refund','attachment')" );
		$wpdb->query( "DELETE FROM {$wpdb->posts} WHERE post_type IN ('product','product_variation','shop_order','shop_order_placehold','shop_order_refund','attachment')" );
		$tables = array( 'wc_orders', 'wc_orders_meta', 'wc_order_addresses', 'wc_order_operational_data', 'wc_order_stats', 'wc_order_product_lookup', 'wc_product_meta_lookup', 'woocommerce_order_items', 'woocommerce_order_itemmeta', 'woocommerce_sessions', 'actionscheduler_actions', 'actionscheduler_claims', 'actionscheduler_logs', 'wc_reserved_stock' );
		foreach ( $tables as $table ) {
			$wpdb->query( "DELETE FROM {$wpdb->prefix}$table" );
		}
		$wpdb->query( "DELETE FROM {$wpdb->comments} WHERE comment_type = 'order_note'" );
		foreach ( array( 'debug.log', 'mails.jsonl', 'outside.log' ) as $file ) {
			@unlink( self::fact( 'base' ) . '/' . $file );
		}
		foreach ( glob( WC_LOG_DIR . '*.log' ) as $file ) {
			unlink( $file );
		}
		wp_cache_flush();
	}

	/** Everything WooCommerce's log files say. */
	public static function shopLogs(): string {
		return implode( '', array_map( 'file_get_contents', glob( WC_LOG_DIR . '*.log' ) ) );
	}
}
