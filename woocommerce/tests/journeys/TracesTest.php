<?php
/**
 * What a shop must not keep or tell: after orders of every kind the key, the patient, the date of birth and the
 * reference stand in no log, mail, page, table or REST answer; and nothing complained meanwhile.
 */

namespace Elmed\WooCommerce\Tests;

final class TracesTest extends JourneyCase {

	/** @var array<int, array<string, mixed>> */
	private static $prescriptions = array();
	/** @var array<int, int> */
	private static $orders = array();

	protected static function begin(): void {
		parent::begin();
		update_option( 'woocommerce_logs_level_threshold', 'debug' );
		self::product( 'AMX', array( 'medicine' => true, 'stock' => '500' ) );
		self::sync();
		self::$prescriptions = array();
		self::$orders        = array();
		foreach ( array( 'verified', 'verified', 'pending_review', 'expired' ) as $state ) {
			foreach ( self::paths() as $path ) {
				$made                  = self::prescription( array( 'state' => $state ) );
				self::$prescriptions[] = $made;
				$bought                = self::buy( $path[0], self::inShop( 'AMX' ), $made );
				if ( $bought['order'] ) {
					self::$orders[] = $bought['order']->get_id();
				}
			}
		}
		self::buy( 'blocks', self::inShop( 'AMX' ), array( 'reference' => 'ZZZZ-ZZZZ-ZZZZ', 'date_of_birth' => '1957-08-23' ) );
		self::jobs();
		$this_one = self::order( self::$orders[0] );
		$this_one->update_status( 'completed' );
		self::order( self::$orders[1] )->update_status( 'cancelled' );
		Elmed::say( 'stop' );
		self::order( self::$orders[2] )->update_status( 'completed' );
		Process::jobs();
		Elmed::say( 'start' );
		self::jobs();
	}

	public function test_not_in_the_logs(): void {
		$logs = Site::shopLogs();

		$this->assertStringContainsString( '/prescriptions/check', $logs, 'what is searched is really written' );
		$this->assertNoTrace( $logs );
		$this->assertStringNotContainsString( 'moxicillin', $logs );
	}

	public function test_not_in_the_mails_which_name_no_medicine_beside_the_orders_own_lines(): void {
		$mails = Site::mails();

		$this->assertNotEmpty( $mails );
		$this->assertNoTrace( wp_json_encode( $mails, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) );
		foreach ( $mails as $mail ) {
			$this->assertStringNotContainsStringIgnoringCase( 'amoxicillin', $mail['subject'] );
		}
	}

	public function test_not_in_the_database(): void {
		global $wpdb;
		$found = array();
		foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) {
			foreach ( $wpdb->get_results( "SELECT * FROM `$table`", ARRAY_A ) as $row ) {
				$text = implode( "\n", $row );
				foreach ( self::secrets() as $name => $secret ) {
					$own = 'key' === $name && $wpdb->options === $table && 'elmed_api_key' === $row['option_name'];
					if ( ! $own && false !== stripos( $text, $secret ) ) {
						$found[] = "$table: $name: " . substr( $text, 0, 200 );
					}
				}
			}
		}

		$this->assertSame( array(), $found );
	}

	public function test_not_in_rest_answers_and_neither_is_anything_of_the_plugins_own(): void {
		wp_set_current_user( 1 );
		foreach ( array( '/wc/v3/orders', '/wc/v2/orders', '/wc/v3/products', '/wc/v3/system_status', '/wp/v2/settings' ) as $route ) {
			$answer = rest_do_request( new \WP_REST_Request( 'GET', $route ) );
			$text   = wp_json_encode( $answer->get_data(), JSON_UNESCAPED_SLASHES );

			$this->assertSame( 200, $answer->get_status(), $route );
			$this->assertNoTrace( $text );
			if ( false !== strpos( $route, 'orders' ) ) {
				$this->assertStringNotContainsString( '_elmed', $text );
				$this->assertStringNotContainsString( 'elmed/', $text );
			}
		}
		$shopper = ( new Shopper() )->add( self::inShop( 'AMX' )->get_id() );
		$this->assertNoTrace( $shopper->store( 'GET', '/cart' )['body'] . $shopper->store( 'GET', '/checkout' )['body'] );
	}

	public function test_not_on_pages(): void {
		$admin   = ( new Shopper() )->signIn();
		$order   = self::order( self::$orders[0] );
		$shopper = new Shopper();
		$pages   = array(
			$admin->get( '/wp-admin/admin.php?page=wc-orders' ),
			$admin->get( '/wp-admin/admin.php?page=wc-orders&action=edit&id=' . $order->get_id() ),
			$admin->get( '/wp-admin/edit.php?post_type=product' ),
			$admin->get( '/wp-admin/admin.php?page=elmed' ),
			$admin->get( '/wp-admin/admin.php?page=elmed-sync' ),
			$admin->get( '/wp-admin/admin.php?page=wc-status' ),
			$admin->get( '/wp-admin/site-health.php?tab=debug' ),
			$shopper->get( str_replace( home_url(), '', $order->get_checkout_order_received_url() ) ),
			$shopper->get( '/product/amoxicillin-500-mg-capsules/' ),
		);
		foreach ( $pages as $page ) {
			$this->assertSame( 200, $page['status'] );
			$this->assertNoTrace( $page['body'] );
		}
	}

	/** @depends test_not_on_pages */
	public function test_nothing_complained(): void {
		$this->assertSame( '', Site::debugLog() );
		$this->assertStringNotContainsString( 'CRITICAL', Site::shopLogs() );
	}

	private function assertNoTrace( string $text ): void {
		foreach ( self::secrets() as $name => $secret ) {
			$this->assertFalse( stripos( $text, $secret ), "the $name ($secret) stands in: " . substr( $text, max( 0, (int) stripos( $text, $secret ) - 150 ), 300 ) );
		}
	}

	/** @return array<string, string> */
	private static function secrets(): array {
		$all = array( 'key' => self::$pharmacy['key'], 'surname' => 'Quillfeather', 'given name' => 'Zenobia', 'date of birth' => '1957-08-23' );
		foreach ( self::$prescriptions as $number => $made ) {
			$all[ "reference $number" ] = $made['reference'];
		}
		return $all;
	}
}
